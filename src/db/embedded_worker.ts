/// <reference lib="deno.worker" />
import type { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import { openCluster } from "./cluster.ts";

/** Where the embedded server is to live. */
export interface WorkerOrder {
  /** The folder of the cluster, which is made when it is not there. */
  cluster: string;
  /** A file that is locked for as long as the worker lives. */
  lock: string;
  /** The Unix socket to listen on; null: a free port of the loopback interface. */
  socket: string | null;
}

/** How far the worker has come. */
export type WorkerNews =
  | { state: "locking" }
  | { state: "locked" }
  | { state: "ready"; address: string }
  | { state: "stopped" }
  | { state: "crashed"; reason: string };

const tell = (news: WorkerNews) => self.postMessage(news);
const crashed = (error: unknown) =>
  tell({ state: "crashed", reason: String(error) });

let stop = () => Promise.resolve();

async function start({ cluster, lock, socket }: WorkerOrder): Promise<void> {
  // The worker holds the lock itself, since it is the one that writes: the lock outlives an owner
  // that went away without stopping it, and falls with the worker, however that ends.
  const held = await Deno.open(lock, { create: true, write: true });
  tell({ state: "locking" });
  await held.lock(true);
  tell({ state: "locked" });

  const db = await openCluster(cluster);
  tellOnCrash(db);
  // A killed process leaves its socket behind.
  if (socket !== null) await Deno.remove(socket).catch(() => {});
  const server = new PGLiteSocketServer({
    db,
    maxConnections: 100,
    ...socket === null ? { host: "127.0.0.1", port: 0 } : { path: socket },
  });
  await server.start();
  stop = async () => {
    // On Deno 2.5 the server never hears that its last connection has closed.
    const late = new Promise((resolve) => setTimeout(resolve, 500));
    await Promise.race([server.stop(), late]);
    await db.close();
    held.close();
  };
  tell({ state: "ready", address: server.getServerConn() });
}

/** Postgres answers errors as messages; what is thrown here is its end. */
function tellOnCrash(db: PGlite): void {
  const exec = db.execProtocolRawStream.bind(db);
  db.execProtocolRawStream = (message, options) =>
    exec(message, options).catch((error) => {
      crashed(error);
      throw error;
    });
}

/** On Deno 2.5, an answer to a client that has gone away is thrown into the void. */
self.addEventListener("error", (event) => {
  const { code } = event.error ?? {};
  if (["EBADF", "EPIPE", "ECONNRESET"].includes(code)) event.preventDefault();
});

self.onmessage = ({ data }: MessageEvent<WorkerOrder | "stop">) => {
  if (data === "stop") {
    stop().then(() => tell({ state: "stopped" }), crashed);
  } else {
    start(data).catch(crashed);
  }
};
