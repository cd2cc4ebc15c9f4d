import { join, resolve } from "node:path";
import type { WorkerNews, WorkerOrder } from "./embedded_worker.ts";

/** How long to wait for a process that is just letting go of the folder. */
const lockMs = 3000;

/** Longer paths do not fit into the address of a Unix socket (Linux 107 bytes, macOS 103). */
const socketPathBytes = 100;

/** Where the embedded database's files are. */
export const clusterFolder = (dataDir: string) =>
  join(dataDir, "database", "cluster");

const socketName = ".s.PGSQL.5432";

export interface EmbeddedOptions {
  /** The service's data folder; the database takes `database/` inside it. */
  dataDir: string;
  /** Gives up opening. */
  signal?: AbortSignal;
}

/** A Postgres of our own that is running. */
export interface EmbeddedServer extends AsyncDisposable {
  /** For `openDatabase`, `migrate`, and any other client of the same user on this machine. */
  readonly url: string;
}

/**
 * Starts the embedded Postgres (PGlite) in a worker, so that queries never hold up the event loop
 * that owns the sockets; makes it on first start. What it has acknowledged is on the disk, so
 * ending the process without disposing loses nothing.
 *
 * On Unix it listens on a socket in a folder that only this user can enter; on Windows, which has no
 * such thing, on the loopback interface, where every local user could reach it.
 *
 * A crash of the server is reported as an uncaught error: the process is to end and start again.
 */
export async function openEmbedded(
  { dataDir, signal }: EmbeddedOptions,
): Promise<EmbeddedServer> {
  const folder = resolve(dataDir, "database");
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  await using cleanup = new AsyncDisposableStack();

  const socketFolder = Deno.build.os === "windows"
    ? null
    : await folderForSocket(folder, cleanup);
  const worker = new Worker(new URL("./embedded_worker.ts", import.meta.url), {
    type: "module",
    name: "database",
  });
  cleanup.defer(() => worker.terminate());
  const steps = follow(worker);
  signal?.throwIfAborted();
  const giveUp = () => steps.fail(signal?.reason);
  signal?.addEventListener("abort", giveUp);

  worker.postMessage(
    {
      cluster: resolve(clusterFolder(dataDir)),
      lock: join(folder, "lock"),
      socket: socketFolder && join(socketFolder, socketName),
    } satisfies WorkerOrder,
  );
  // Not from the start on: to load the worker alone can take longer on a busy machine.
  await steps.locking.promise;
  const late = setTimeout(() => steps.fail(inUse(dataDir)), lockMs);
  cleanup.defer(() => clearTimeout(late));
  await steps.locked.promise;
  clearTimeout(late);
  const address = await steps.ready.promise;
  signal?.removeEventListener("abort", giveUp);

  const stack = cleanup.move();
  return {
    url: socketFolder
      ? `postgres://postgres@${encodeURIComponent(socketFolder)}:5432/postgres`
      : `postgres://postgres@${address}/postgres`,
    async [Symbol.asyncDispose]() {
      worker.postMessage("stop");
      await steps.stopped.promise.finally(() => stack.disposeAsync());
    },
  };
}

/** The folder itself, or where its path is too long, a short one of its own that only this user can enter. */
async function folderForSocket(
  folder: string,
  cleanup: AsyncDisposableStack,
): Promise<string> {
  const bytes = new TextEncoder().encode(join(folder, socketName)).length;
  if (bytes <= socketPathBytes) return folder;
  const short = await Deno.makeTempDir({ prefix: "parley-" });
  cleanup.defer(() => Deno.remove(short, { recursive: true }));
  return short;
}

/** The worker's news as promises. Failing rejects those that are still open. */
function follow(worker: Worker) {
  const steps = {
    locking: Promise.withResolvers<void>(),
    locked: Promise.withResolvers<void>(),
    ready: Promise.withResolvers<string>(),
    stopped: Promise.withResolvers<void>(),
    fail(error: unknown) {
      const { locking, locked, ready, stopped } = steps;
      for (const step of [locking, locked, ready, stopped]) {
        step.promise.catch(() => {});
        step.reject(error);
      }
    },
  };
  let running = false;
  const crash = (reason: string) => {
    const error = new Error(`The embedded database has stopped: ${reason}`);
    steps.fail(error);
    if (running) reportError(error);
  };

  worker.onmessage = ({ data: news }: MessageEvent<WorkerNews>) => {
    if (news.state === "crashed") return crash(news.reason);
    running = news.state === "ready";
    if (news.state === "ready") steps.ready.resolve(news.address);
    else steps[news.state].resolve();
  };
  worker.onerror = (event) => {
    event.preventDefault();
    crash(event.message);
  };
  return steps;
}

function inUse(dataDir: string): Error {
  return new Error(
    `Cannot open the database in '${dataDir}': another process is using it. ` +
      "Stop that process, or give this one a DATA_DIR of its own",
  );
}
