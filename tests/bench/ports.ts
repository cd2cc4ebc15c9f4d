import type { Process } from "./processes.ts";

const startLimitMs = 20_000;
const pollMs = 5;

/** A port on loopback that nobody listens on. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Resolves once a started process answers 200; rejects when it ends or takes 20 s. */
export async function untilOk(url: string, process: Process): Promise<void> {
  let ended = false;
  void process.ended.then(() => ended = true);
  const until = performance.now() + startLimitMs;
  for (;;) {
    try {
      const response = await fetch(url);
      await response.body?.cancel();
      if (response.ok) return;
    } catch {
      // It does not listen yet.
    }
    if (ended) throw new Error(`It ended: ${process.complaint()}`);
    if (performance.now() > until) {
      await process[Symbol.asyncDispose]();
      throw new Error(`It did not start: ${process.complaint()}`);
    }
    await new Promise((done) => setTimeout(done, pollMs));
  }
}
