/** A line longer than any that the relay itself publishes. */
const maxLine = 100_000;

/**
 * Calls `onData` with the data of each server-sent event, which Upstash writes in one line. Resolves
 * when the stream ends, or the signal ends it.
 */
export async function readEvents(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  onData: (data: string) => void,
): Promise<void> {
  const reader = body.getReader();
  // The signal of a `fetch` does not reach its body once Deno has collected the response.
  const cancel = () => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", cancel);
  try {
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const lines = text.split("\n");
      text = lines.pop()!;
      if (text.length > maxLine) throw new Error("A line does not end");
      for (const line of lines) {
        if (line.startsWith("data: ")) onData(line.slice("data: ".length));
      }
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    cancel();
  }
}
