import { TextLineStream } from "./text_lines.ts";

/** A process that the benchmark started. Disposing asks it to end and, if it is slow, kills it. */
export interface Process extends AsyncDisposable {
  readonly pid: number;
  /** The next line of its output. Rejects with what it complained if it ends instead. */
  line(): Promise<string>;
  write(line: string): Promise<void>;
  /** Resolves to whether it ended well, once it has ended. */
  readonly ended: Promise<boolean>;
  /** The end of what it wrote to its error output (and its output, where nobody reads lines). */
  complaint(): string;
}

export interface ProcessOptions {
  env?: Readonly<Record<string, string>>;
  /** Whether somebody reads its output line by line; otherwise it is drained. */
  lines?: boolean;
}

/** Starts processes; disposing ends those that still run, each by its own id. */
export interface Processes extends AsyncDisposable {
  start(
    command: string,
    args: readonly string[],
    options?: ProcessOptions,
  ): Process;
}

export function createProcesses(): Processes {
  const running = new Set<Process>();
  let disposed = false;

  return {
    start(command, args, options = {}) {
      if (disposed) throw new Error("The benchmark is ending");
      const process = start(command, args, options);
      running.add(process);
      void process.ended.then(() => running.delete(process));
      return process;
    },
    async [Symbol.asyncDispose]() {
      disposed = true;
      await Promise.all(
        [...running].map((process) => process[Symbol.asyncDispose]()),
      );
    },
  };
}

// Colours would only clutter a complaint.
const plain = { NO_COLOR: "1" };
const root = new URL("../..", import.meta.url).pathname;
const complaintLength = 2000;
/** A service may take 5 s to drain. */
const stopMs = 6000;

function start(
  command: string,
  args: readonly string[],
  { env = {}, lines = false }: ProcessOptions,
): Process {
  const child = new Deno.Command(command, {
    cwd: root,
    args: [...args],
    env: { ...plain, ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  const output = child.stdout.pipeThrough(new TextDecoderStream());
  const reader = lines
    ? output.pipeThrough(new TextLineStream()).getReader()
    : undefined;

  let complaint = "";
  const keep = () =>
    new WritableStream<string>({
      write(text) {
        complaint = (complaint + text).slice(-complaintLength);
      },
    });
  const drained = Promise.all([
    child.stderr.pipeThrough(new TextDecoderStream()).pipeTo(keep()),
    reader === undefined ? output.pipeTo(keep()) : undefined,
  ]);
  const ended = child.status.then(({ success }) => success);

  function signal(name: Deno.Signal) {
    try {
      child.kill(name);
    } catch {
      // It has ended by itself.
    }
  }

  return {
    pid: child.pid,
    ended,
    async line() {
      const next = await reader?.read();
      if (next?.done === false) return next.value;
      await drained;
      throw new Error(`It ended: ${complaint.trim() || "without a word"}`);
    },
    write: (line) => input.write(new TextEncoder().encode(line + "\n")),
    complaint: () => complaint.trim(),
    async [Symbol.asyncDispose]() {
      signal("SIGTERM");
      const late = setTimeout(() => signal("SIGKILL"), stopMs);
      await ended;
      clearTimeout(late);
    },
  };
}
