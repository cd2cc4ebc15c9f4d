import { stopIsolates } from "../../../src/lifecycle.ts";
import { freePort } from "../../support/programs.ts";
import { type Service, startService } from "../../support/service.ts";
import { pause } from "./pause.ts";

/** Service processes at addresses that stay theirs, to be killed, paused and started again. */
export interface Fleet extends AsyncDisposable {
  readonly urls: readonly string[];
  /** What all of them printed, those that are gone included. */
  readonly lines: readonly string[];
  /** Ends one in mid-sentence. Resolves once it is gone. */
  kill(index: number): Promise<void>;
  /** Asks one to stop. Resolves once it is gone. */
  drain(index: number): Promise<void>;
  /** Starts one again, as often as it takes until it stays. */
  start(index: number): Promise<void>;
  /** Stops one in mid-sentence, until `resume`: it answers nothing, and its connections stand. */
  suspend(index: number): void;
  resume(index: number): void;
}

export interface FleetOptions {
  readonly processes: number;
  /** In each process. */
  readonly isolates: number;
  readonly env: Record<string, string>;
}

/** How long a process may take to come up, its database being away for a part of that. */
const startMs = 60_000;

export async function startFleet(
  { processes, isolates, env }: FleetOptions,
): Promise<Fleet> {
  const folder = await Deno.makeTempDir({ prefix: "parley-fleet-" });
  const ports = Array.from({ length: processes }, freePort);
  const present: (Service | undefined)[] = ports.map(() => undefined);
  const before: string[] = [];

  async function start(index: number): Promise<void> {
    const giveUpAt = performance.now() + startMs;
    for (;;) {
      try {
        present[index] = await startOne(ports[index]!, isolates, {
          ...env,
          DATA_DIR: `${folder}/${index}`,
        });
        return;
      } catch (error) {
        // As the platform would: without its database a process ends again.
        if (performance.now() > giveUpAt) throw error;
        await pause(300);
      }
    }
  }

  async function end(index: number, signal: Deno.Signal): Promise<void> {
    const service = present[index]!;
    present[index] = undefined;
    service.kill(signal);
    await service.exited;
    before.push(...service.lines);
  }

  const fleet: Fleet = {
    urls: ports.map((port) => `http://127.0.0.1:${port}`),
    get lines() {
      return [...before, ...present.flatMap((service) => service?.lines ?? [])];
    },
    kill: (index) => end(index, "SIGKILL"),
    drain: (index) => end(index, isolates === 1 ? "SIGTERM" : stopIsolates),
    start,
    suspend: (index) => present[index]!.kill("SIGSTOP"),
    resume: (index) => present[index]!.kill("SIGCONT"),
    async [Symbol.asyncDispose]() {
      await Promise.all(
        present.map((service) => service?.[Symbol.asyncDispose]()),
      );
      await Deno.remove(folder, { recursive: true });
    },
  };
  try {
    await Promise.all(ports.map((_, index) => start(index)));
  } catch (error) {
    await fleet[Symbol.asyncDispose]();
    throw error;
  }
  return fleet;
}

const file = (name: string) => new URL(name, import.meta.url).pathname;

function startOne(
  port: number,
  isolates: number,
  env: Record<string, string>,
): Promise<Service> {
  const own = {
    PORT: String(port),
    DENO_JOBS: String(isolates),
    NO_COLOR: "1",
  };
  if (isolates === 1) {
    return startService({ env }, own, [file("./faulty_main.ts")]);
  }
  const program = [
    "--parallel",
    "--host=127.0.0.1",
    `--port=${port}`,
    file("./faulty_serve.ts"),
  ];
  return startService({ env }, own, program, "serve");
}
