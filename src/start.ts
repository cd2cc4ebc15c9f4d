/**
 * `deno task start`: on a real database as many isolates as the machine has cores (DENO_JOBS sets
 * another number), through `deno serve --parallel`; on the embedded one, which a single isolate can
 * open, that one alone.
 */
import { readConfig } from "./config.ts";
import { giveUp, signalled, stopIsolates, stopSignals } from "./lifecycle.ts";

async function start(): Promise<void> {
  // Once for all of them: a fault is told once.
  const config = readConfig(Deno.env.toObject());
  const { database, host, port } = config;
  const isolates = config.isolates ?? navigator.hardwareConcurrency;
  const isAlone = database.url === null || isolates === 1 ||
    Deno.build.os === "windows";
  if (isAlone) {
    await import("./main.ts");
    return;
  }
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "serve",
      "-A",
      "--parallel",
      `--host=${host}`,
      `--port=${port}`,
      new URL("./serve.ts", import.meta.url).href,
    ],
    env: { DENO_JOBS: String(isolates) },
    // A group of its own, which Ctrl-C in a terminal does not reach: see `passOn`.
    detached: true,
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  passOn(child);
  const { code } = await child.status;
  Deno.exit(code);
}

/**
 * Told by SIGINT or SIGTERM, `deno serve` itself closes every WebSocket at once, with a code of its own
 * and before the isolates have finished anything. So they are told by a signal that it leaves alone.
 */
function passOn(child: Deno.ChildProcess): void {
  void signalled(stopSignals).then(() => {
    try {
      child.kill(stopIsolates);
    } catch {
      // It has ended by itself.
    }
  });
}

await start().catch(giveUp);
