import type { App } from "./app.ts";
import type { Config } from "./config.ts";
import type { Log } from "./lib/log.ts";
import { settlesWithin } from "./lib/settles_within.ts";

/** Platforms kill a process 5 s after they asked it to stop. */
const stopMs = 4500;

const isWindows = Deno.build.os === "windows";

/** What a person, a supervisor or a platform asks a process to stop with. */
export const stopSignals: readonly Deno.Signal[] = isWindows
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** What `deno task start` asks its isolates to stop with. */
export const stopIsolates: Deno.Signal = "SIGUSR2";

/** Resolves when one of the signals comes. */
export function signalled(signals: readonly Deno.Signal[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of signals) Deno.addSignalListener(signal, () => resolve());
  return promise;
}

/** Names the process that started this one, for it to stop when that is gone. */
export const startedBy = "PARLEY_STARTED_BY";

/** How often an isolate looks whether whoever started it is still there, in milliseconds. */
const parentMs = 1000;

/** Resolves when `deno task start`, which started this process, is gone without having stopped it. */
export function orphaned(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const parent = Deno.ppid;
  if (Deno.env.get(startedBy) !== String(parent)) return promise;
  const timer = setInterval(() => {
    if (Deno.ppid === parent) return;
    clearInterval(timer);
    resolve();
  }, parentMs);
  return promise;
}

/**
 * Drains and lets go of everything, or of as much as there is time for. Never rejects: with its
 * database away a service has to stop too, and everything that was acknowledged is stored.
 */
export async function stop(
  app: Pick<App, "drain"> & AsyncDisposable,
  log: Log,
  closeServer = () => Promise.resolve(),
): Promise<void> {
  log.info("draining");
  const stopped = (async () => {
    await app.drain();
    await closeServer();
    await app[Symbol.asyncDispose]();
  })().catch((error) => log.warn("stopping failed", { error }));
  await settlesWithin(stopMs, stopped);
  log.info("stopped");
}

/** One line for whoever started the service. */
export function greeting(
  { host, database, dataDir }: Config,
  { relay }: App,
  port: number,
): string {
  const shown = host === "0.0.0.0" ? "localhost" : host;
  const where = database.url === null
    ? `embedded Postgres in '${dataDir}'`
    : "Postgres";
  const ms = Math.round(performance.now());
  return `Parley is ready on http://${shown}:${port} after ${ms} ms: ` +
    `${where}, ${relay}. Stop it with Ctrl-C`;
}

/** A start that failed: a sentence for the operator, and out. */
export function giveUp(error: unknown): never {
  const isTaken = error instanceof Deno.errors.AddrInUse;
  const hint = isTaken ? ". Stop what listens there, or set another PORT" : "";
  console.error(error instanceof Error ? `${error.message}${hint}` : error);
  Deno.exit(1);
}
