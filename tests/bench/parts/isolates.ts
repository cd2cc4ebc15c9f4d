import { cpuSeconds, sumOfCpuSeconds } from "../cpu.ts";
import { Generator } from "../load/generator.ts";
import type { Orders, Task } from "../load/orders.ts";
import { plan } from "../plan.ts";
import { median } from "../statistics.ts";
import { populate } from "../systems/parley.ts";
import { createParleyService } from "../systems/parley_service.ts";
import type { Server } from "../systems/system.ts";
import type { Bench } from "./bench.ts";

/** Durable sends by so many isolates of one process, as `deno task start` runs them. */
export interface Isolates {
  rounds: IsolateFigures[];
}

export interface IsolateFigures {
  isolates: number;
  /** Acknowledged sends a second. */
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Against one isolate, round by round. */
  timesOne: number;
  /** Processors that each kept busy; together they have no more than the machine. */
  busy: { service: number; postgres: number; generator: number };
}

interface Side {
  readonly isolates: number;
  readonly server: Server;
  readonly generator: Generator<Orders>;
  readonly databaseUrl: string;
  readonly results: Result[];
}

type Result = Omit<IsolateFigures, "isolates" | "timesOne">;

export async function isolates(bench: Bench): Promise<Isolates> {
  const { processes, databases, say } = bench;
  const { counts, rounds } = plan.isolates;
  await using stack = new AsyncDisposableStack();
  const sides: Side[] = [];
  for (const count of counts) {
    say(`isolates: starting ${count}`);
    const databaseUrl = await databases.create(`isolates_${count}`);
    const service = await createParleyService({ processes, databaseUrl });
    const server = stack.use(await service.startIsolates(count));
    const world = await populate(server);
    const task: Task = { system: "parley", host: server.host, world };
    const generator = stack.use(
      await Generator.start<Orders>(processes, "main.ts", task),
    );
    sides.push({
      isolates: count,
      server,
      generator,
      databaseUrl,
      results: [],
    });
  }
  say(`isolates: ${plan.pairs} pairs, ${plan.inFlightPerPair} in flight each`);
  for (let round = 0; round < rounds; round++) {
    for (const side of sides) {
      if (side.results.length < round) continue;
      try {
        side.results.push(await measure(bench, side));
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        say(`isolates: no more rounds with ${side.isolates}: ${why}`);
      }
    }
  }
  const [one] = sides;
  return {
    rounds: sides.filter(({ results }) => results.length > 0).map((
      { isolates, results },
    ) => {
      const middle = (figure: (result: Result) => number) =>
        median(results.map(figure));
      return {
        isolates,
        perSecond: middle(({ perSecond }) => perSecond),
        p50Ms: middle(({ p50Ms }) => p50Ms),
        p99Ms: middle(({ p99Ms }) => p99Ms),
        timesOne: median(
          results.flatMap(({ perSecond }, i) => {
            const ofOne = one!.results[i]?.perSecond;
            return ofOne === undefined ? [] : [perSecond / ofOne];
          }),
        ),
        busy: {
          service: middle(({ busy }) => busy.service),
          postgres: middle(({ busy }) => busy.postgres),
          generator: middle(({ busy }) => busy.generator),
        },
      };
    }),
  };
}

async function measure(
  { databases }: Bench,
  { server, generator, databaseUrl }: Side,
): Promise<Result> {
  const { warmupMs, durationMs } = plan.isolates;
  const inFlight = plan.inFlightPerPair;
  // Connected, and with what is compiled at first use.
  await generator.tell("closedLoop", { warmupMs, durationMs: 1, inFlight });
  const backends = await databases.backends(databaseUrl);
  const read = async () => ({
    at: performance.now(),
    service: await cpuSeconds(server.process.pid),
    postgres: await sumOfCpuSeconds(backends),
    generator: await cpuSeconds(generator.process.pid),
  });
  const before = await read();
  const { perSecond, p50Ms, p99Ms } = await generator.tell("closedLoop", {
    warmupMs: 0,
    durationMs,
    inFlight,
  });
  const after = await read();
  const seconds = (after.at - before.at) / 1000;
  const busy = (of: "service" | "postgres" | "generator") =>
    (after[of] - before[of]) / seconds;
  return {
    perSecond,
    p50Ms,
    p99Ms,
    busy: {
      service: busy("service"),
      postgres: busy("postgres"),
      generator: busy("generator"),
    },
  };
}
