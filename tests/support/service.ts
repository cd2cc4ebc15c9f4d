import { TextLineStream } from "./text_lines.ts";
import { newKeyEntry } from "../../src/lib/key_list.ts";
import { type TestDatabase, testDatabase, testServer } from "./database.ts";
import { testDataDir } from "./template.ts";

/** Where a service process keeps its data, so that several, or one after another, can share it. */
export interface ServiceData extends AsyncDisposable {
  readonly env: Record<string, string>;
  /** On a real server: the database itself. */
  readonly db: TestDatabase | null;
}

/** A real database where there is a server to test on, else a folder for the embedded one. */
export async function serviceData(): Promise<ServiceData> {
  if (testServer === null) {
    const folder = await testDataDir();
    return {
      env: { DATA_DIR: folder.path },
      db: null,
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    };
  }
  const db = await testDatabase();
  return {
    env: { DATABASE_URL: db.url, ...newKeys() },
    db,
    [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
  };
}

/** For a service whose database is not its own. */
export const newKeys = () => ({
  MASTER_KEYS: newKeyEntry("m1"),
  JWT_KEYS: newKeyEntry("j1"),
});

export interface Service extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** What it has printed so far. */
  readonly lines: readonly string[];
  kill(signal: Deno.Signal): void;
  /** Resolves with the exit code once the process is gone. */
  readonly exited: Promise<number>;
}

/**
 * The service as a process of its own, killed when it is disposed. `program` ends in its main module,
 * which `deno serve` starts in as many isolates as DENO_JOBS says.
 */
export async function startService(
  data: Pick<ServiceData, "env">,
  env: Record<string, string> = {},
  program: readonly string[] = ["src/main.ts"],
  verb: "run" | "serve" = "run",
): Promise<Service> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [verb, "-A", "--no-check", ...program],
    env: {
      PORT: "0",
      HOST: "127.0.0.1",
      PUBLIC_URL: "http://parley.test",
      LOG_LEVEL: "warn",
      ...data.env,
      ...env,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines: string[] = [];
  const ready = Promise.withResolvers<string>();

  async function follow(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    const text = stream.pipeThrough(new TextDecoderStream());
    for await (const line of text.pipeThrough(new TextLineStream())) {
      lines.push(line);
      const port = /is ready on http:\/\/[^:]+:(\d+)/.exec(line)?.[1];
      if (port) ready.resolve(`http://127.0.0.1:${port}`);
    }
  }
  const output = Promise.all([follow(child.stdout), follow(child.stderr)]);
  const exited = Promise.all([child.status, output]).then(([{ code }]) => code);
  exited.then((code) =>
    ready.reject(
      new Error(`The service ended with ${code}: ${lines.join("\n")}`),
    )
  );

  const kill = (signal: Deno.Signal) => {
    try {
      child.kill(signal);
    } catch {
      // It has ended by itself.
    }
  };
  const url = await ready.promise;
  return {
    url,
    pid: child.pid,
    lines,
    kill,
    exited,
    async [Symbol.asyncDispose]() {
      kill("SIGKILL");
      await exited;
    },
  };
}
