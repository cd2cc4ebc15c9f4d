import { plan } from "../plan.ts";
import { freePort, untilOk } from "../ports.ts";
import { median } from "../statistics.ts";
import { createParleyService } from "../systems/parley_service.ts";
import type { Bench } from "./bench.ts";

/** Medians, in milliseconds. */
export interface ColdStart {
  parley: Start;
  /** A Deno server of three lines. */
  deno: Start;
  /** What Parley takes longer, round by round, to its first answer. */
  beyondMs: number;
}

export interface Start {
  /** From starting the process to its first good answer; Parley's is `/health/ready`, which asks the database. */
  firstMs: number;
  /** The same request once more. */
  secondMs: number;
}

export async function coldStart(bench: Bench): Promise<ColdStart> {
  const { processes, databases, say } = bench;
  const databaseUrl = await databases.create("cold");
  const service = await createParleyService({ processes, databaseUrl });
  say(`cold start: ${plan.coldStarts} times`);
  const deno: Start[] = [];
  const parley: Start[] = [];
  for (let i = 0; i < plan.coldStarts; i++) {
    deno.push(await timed("/", () => hello(bench)));
    parley.push(await timed("/health/ready", () => service.start()));
  }
  return {
    parley: middle(parley),
    deno: middle(deno),
    beyondMs: median(
      parley.map(({ firstMs }, i) => firstMs - deno[i]!.firstMs),
    ),
  };
}

interface Started extends AsyncDisposable {
  readonly host: string;
}

async function hello({ processes }: Bench): Promise<Started> {
  const port = freePort();
  const process = processes.start(
    Deno.execPath(),
    ["run", "-A", "tests/bench/hello.ts"],
    { env: { PORT: String(port) } },
  );
  const host = `127.0.0.1:${port}`;
  await untilOk(`http://${host}/`, process);
  return {
    host,
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}

async function timed(
  path: string,
  start: () => Promise<Started>,
): Promise<Start> {
  const since = performance.now();
  await using started = await start();
  const first = performance.now();
  await (await fetch(`http://${started.host}${path}`)).body?.cancel();
  return { firstMs: first - since, secondMs: performance.now() - first };
}

const middle = (starts: readonly Start[]): Start => ({
  firstMs: median(starts.map(({ firstMs }) => firstMs)),
  secondMs: median(starts.map(({ secondMs }) => secondMs)),
});
