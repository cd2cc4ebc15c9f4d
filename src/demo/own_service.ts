/** A service in a process of its own, with nothing in it. */
export interface OwnService {
  readonly url: string;
  /** Resolves once the process and its folder are gone. */
  stop(): Promise<void>;
}

/** The service itself takes no longer than 5 s to stop. */
const killAfterMs = 6_000;

/** Starts the service on a free port. When the signal comes first, nothing is left behind. */
export async function startOwnService(
  signal: AbortSignal,
): Promise<OwnService> {
  signal.throwIfAborted();
  const folder = await Deno.makeTempDir({ prefix: "parley-demo-" });
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL("../main.ts", import.meta.url).href],
    env: {
      DATA_DIR: folder,
      PORT: "0",
      HOST: "127.0.0.1",
      LOG_LEVEL: "warn",
      // Whatever the surroundings say: an empty variable counts as absent.
      DATABASE_URL: "",
      MASTER_KEYS: "",
      JWT_KEYS: "",
      PUBLIC_URL: "",
      RELAY: "",
    },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();

  const stop = async () => {
    const kill = (name: Deno.Signal) => {
      try {
        child.kill(name);
      } catch {
        // It has ended by itself.
      }
    };
    kill("SIGTERM");
    const late = setTimeout(() => kill("SIGKILL"), killAfterMs);
    await child.status;
    clearTimeout(late);
    await Deno.remove(folder, { recursive: true });
  };

  try {
    return { url: await addressIn(child.stdout, signal), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The address that the service prints once it is ready. */
async function addressIn(
  output: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal,
): Promise<string> {
  const found = Promise.withResolvers<string>();
  let text = "";
  // Read to the end, so that the service never waits for somebody to listen.
  const reading = output.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({
      write(chunk) {
        text += chunk;
        const port = /ready on http:\/\/[^:]+:(\d+)/.exec(text)?.[1];
        if (port) found.resolve(`http://127.0.0.1:${port}`);
      },
    }),
  );
  const ended = () => found.reject(new Error("The service did not start"));
  reading.then(ended, ended);
  const onAbort = () => found.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await found.promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
