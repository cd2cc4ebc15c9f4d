import { createCrowd } from "../crowd.ts";
import { cpuSeconds } from "../cpu.ts";
import { Member } from "../load/member.ts";
import { plan } from "../plan.ts";
import { startQueryCounter } from "../query_counter.ts";
import { eachRelay, type PerRelay, relayHome } from "../relays.ts";
import { createParleyService } from "../systems/parley_service.ts";
import type { Bench } from "./bench.ts";

/** What one isolate costs while nobody says anything, a minute. */
export interface IdleCost {
  connections: number;
  without: PerRelay<IdleFigures>;
  with: PerRelay<IdleFigures>;
}

export interface IdleFigures {
  /** Round trips to Postgres. */
  queries: number;
  /** Commands to Redis, as Upstash bills them; absent for other drivers. */
  commands?: number;
  /** Processor time of the service, in milliseconds. */
  cpuMs: number;
}

interface Isolate {
  /** Counts what it costs for a while. */
  observe(): Promise<IdleFigures>;
  /** Connects everybody, who then say nothing. */
  connect(): Promise<void>;
}

export async function idleCost(bench: Bench): Promise<IdleCost> {
  const { say } = bench;
  const { connections, observeMs, settleMs } = plan.idleCost;
  await using stack = new AsyncDisposableStack();
  // Side by side: they have nothing to do, and a minute for each would take long.
  const isolates = await eachRelay(
    say,
    "idle cost",
    (name) => startIsolate(bench, stack, name),
  );
  const observeAll = async () => {
    await pause(settleMs);
    say(`idle cost: watching for ${observeMs / 1000} s`);
    const figures: PerRelay<IdleFigures> = {};
    await Promise.all(
      Object.entries(isolates).map(async ([name, isolate]) => {
        figures[name as keyof typeof figures] = await isolate.observe();
      }),
    );
    return figures;
  };
  const without = await observeAll();
  await Promise.all(Object.values(isolates).map((each) => each.connect()));
  return { connections, without, with: await observeAll() };
}

async function startIsolate(
  { processes, databases }: Bench,
  stack: AsyncDisposableStack,
  name: Parameters<typeof relayHome>[0],
): Promise<Isolate> {
  const { connections, observeMs } = plan.idleCost;
  const home = stack.use(await relayHome(name));
  const databaseUrl = await databases.create(`idle_${name.replace("-", "_")}`);
  const service = await createParleyService({ processes, databaseUrl });
  const counter = stack.use(startQueryCounter(databaseUrl));
  const server = stack.use(
    await service.start({ env: { ...home.env, DATABASE_URL: counter.url } }),
  );
  const { people } = await createCrowd(databases, service, server.host, {
    people: connections,
    groupSize: 20,
    groupsEach: 1,
    pairs: 1,
  });
  return {
    async observe() {
      const read = async () => ({
        queries: counter.queries,
        commands: home.commands?.(),
        cpuMs: await cpuSeconds(server.process.pid) * 1000,
      });
      const before = await read();
      await pause(observeMs);
      const after = await read();
      const aMinute = (count: number) => count * 60_000 / observeMs;
      return {
        queries: aMinute(after.queries - before.queries),
        cpuMs: aMinute(after.cpuMs - before.cpuMs),
        ...(after.commands !== undefined && {
          commands: aMinute(after.commands - before.commands!),
        }),
      };
    },
    async connect() {
      await Promise.all(people.map(async (token) => {
        const member = new Member(token, () => {});
        await member.connect(server.host);
        stack.defer(() => member.disconnect());
      }));
    },
  };
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
