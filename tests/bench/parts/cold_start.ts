import { plan } from "../plan.ts";
import { freePort, untilOk } from "../ports.ts";
import { median } from "../statistics.ts";
import type { Bench } from "./bench.ts";

/** Milliseconds from starting the process to its first good answer. */
export interface ColdStart {
  /** To `/health/ready`, which asks the database. */
  parley?: number;
  /** A Deno server of three lines. */
  deno: number;
}

export async function coldStart(bench: Bench): Promise<ColdStart> {
  bench.say(`cold start: ${plan.coldStarts} times`);
  const parley = bench.running.find(({ system }) => system.name === "parley");
  const starts: { parley: number[]; deno: number[] } = { parley: [], deno: [] };
  for (let i = 0; i < plan.coldStarts; i++) {
    starts.deno.push(await timed(() => hello(bench)));
    if (parley !== undefined) {
      starts.parley.push(await timed(() => parley.system.start()));
    }
  }
  return {
    ...(parley && { parley: median(starts.parley) }),
    deno: median(starts.deno),
  };
}

async function hello({ processes }: Bench): Promise<AsyncDisposable> {
  const port = freePort();
  const process = processes.start(
    Deno.execPath(),
    ["run", "-A", "tests/bench/hello.ts"],
    { env: { PORT: String(port) } },
  );
  await untilOk(`http://127.0.0.1:${port}/`, process);
  return process;
}

async function timed(start: () => Promise<AsyncDisposable>): Promise<number> {
  const since = performance.now();
  await using _started = await start();
  return performance.now() - since;
}
