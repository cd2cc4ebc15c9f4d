/**
 * `deno task start`: on a real database as many isolates as the machine has cores (DENO_JOBS sets
 * another number), through `deno serve --parallel`; on the embedded one, which a single isolate can
 * open, that one alone.
 */
import { readConfig } from "./config.ts";
import { giveUp } from "./lifecycle.ts";

const isolates = Number(Deno.env.get("DENO_JOBS")) ||
  navigator.hardwareConcurrency;

async function start(): Promise<void> {
  // Once for all of them: a fault is told once.
  const { database, host, port } = readConfig(Deno.env.toObject());
  if (database.url === null || isolates === 1) {
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
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  passOn(child);
  const { code } = await child.status;
  Deno.exit(code);
}

/** A terminal tells the whole group, a supervisor this process alone: the child takes the second one lightly. */
function passOn(child: Deno.ChildProcess): void {
  const signals: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT"]
    : ["SIGINT", "SIGTERM"];
  for (const signal of signals) {
    Deno.addSignalListener(signal, () => {
      try {
        child.kill(signal);
      } catch {
        // It has ended by itself.
      }
    });
  }
}

await start().catch(giveUp);
