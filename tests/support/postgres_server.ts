import {
  freePort,
  postgresPrograms,
  runAsServerUser,
  serverFolder,
} from "./programs.ts";

/** A PostgreSQL of the test's own, which it may stop and kill. */
export interface PostgresServer extends AsyncDisposable {
  /** Its database `postgres`. */
  readonly url: string;
  readonly port: number;
  start(): Promise<void>;
  /** Ends every session at once and shuts down in order. */
  stop(): Promise<void>;
  /** The server and all its sessions are gone in mid-sentence, as when the power fails. */
  kill9(): Promise<void>;
  /** Until it is killed, only what a session waits for reaches the disk. */
  stopWriters(): Promise<void>;
}

/** For tests that start their own PostgreSQL. */
export const needsPostgres = () => ({ ignore: postgresPrograms === undefined });

/** `settings` are those of postgresql.conf. */
export async function startPostgres(
  settings: Record<string, string> = {},
): Promise<PostgresServer> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await serverFolder();
  cleanup.defer(() => Deno.remove(folder, { recursive: true }));
  const data = `${folder}/data`;
  const pidFile = `${data}/postmaster.pid`;
  const port = freePort();
  const run = (program: string, ...args: string[]) =>
    runAsServerUser(`${postgresPrograms}/${program}`, "-D", data, ...args);

  const options = Object.entries({
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    ...settings,
  }).map(([name, value]) => `-c ${name}='${value}'`).join(" ");
  const start = async () => {
    const log = `${folder}/log`;
    try {
      await run(
        "pg_ctl",
        ...["-w", "-l", log, "-o", `-p ${port} ${options}`, "start"],
      );
    } catch (cause) {
      throw new Error(await Deno.readTextFile(log), { cause });
    }
  };

  await run("initdb", "-A", "trust", "-U", "parley", "-E", "UTF8", "--no-sync");
  await start();
  const stop = () => run("pg_ctl", "-w", "-m", "fast", "stop");
  cleanup.defer(() => stop().catch(() => {}));
  const stack = cleanup.move();
  return {
    url: `postgres://parley@127.0.0.1:${port}/postgres`,
    port,
    start,
    stop,
    async stopWriters() {
      for (const pid of (await processesOf(pidFile)).slice(1)) {
        const name = await Deno.readTextFile(`/proc/${pid}/cmdline`);
        if (/writer|checkpointer/.test(name)) Deno.kill(pid, "SIGSTOP");
      }
    },
    async kill9() {
      // So that it has no more of them meanwhile.
      Deno.kill(await firstProcess(pidFile), "SIGSTOP");
      const pids = await processesOf(pidFile);
      pids.forEach(kill);
      while (pids.some(isAlive)) await new Promise((r) => setTimeout(r, 10));
      // Where nobody reaps orphans, the dead server's number would still look taken.
      await Deno.remove(pidFile);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const firstProcess = async (pidFile: string): Promise<number> =>
  Number((await Deno.readTextFile(pidFile)).split("\n")[0]);

/** The server's first process and its children: were one left, the server could not start again. */
async function processesOf(pidFile: string): Promise<number[]> {
  const pid = await firstProcess(pidFile);
  const children = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`);
  return [pid, ...children.trim().split(" ").map(Number)];
}

function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch (error) {
    // Its session ended by itself.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    const state = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1];
    return !state!.startsWith("Z");
  } catch {
    return false;
  }
}
