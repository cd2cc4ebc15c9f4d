import type { Session } from "../../../src/protocol/accounts.ts";
import type { ChatId } from "../../../src/protocol/ids.ts";
import type { SendReply } from "../../../src/protocol/frames.ts";
import type { ChatItem } from "../../../src/protocol/sync.ts";
import { post } from "../api.ts";
import { cpuSeconds } from "../cpu.ts";
import { readAtOnce, type ReadRate } from "../load/reads.ts";
import { plan } from "../plan.ts";
import { type QueryCounter, startQueryCounter } from "../query_counter.ts";
import { type RedisReads, redisReads } from "../redis_reads.ts";
import { median } from "../statistics.ts";
import {
  createParleyService,
  type ParleyService,
} from "../systems/parley_service.ts";
import type { Server } from "../systems/system.ts";
import type { Bench } from "./bench.ts";

/** Hot reads over HTTP, with a cache and without any, side by side. */
export interface Caches {
  reads: CachedRead[];
  /** What a second level in Redis would take, and save; absent where there is no Redis. */
  redis?: RedisReads;
}

export interface CachedRead {
  what: string;
  /** As CACHES names it. */
  cache: CacheName;
  /** Reads a second with the cache against those without, round by round. */
  times: number;
  without: ReadFigures;
  with: ReadFigures;
}

export interface ReadFigures {
  perSecond: number;
  /** Of one read at a time. */
  aloneMs: number;
  /** Processor time of the service for one. */
  cpuMs: number;
  /** Asked of Postgres for one, of one at a time. */
  roundTrips: number;
}

type CacheName = "devices" | "messages";

interface World {
  readonly people: readonly Session[];
  readonly chatId: string;
}

interface Read {
  readonly what: string;
  readonly cache: CacheName;
  path(world: World): string;
  /** Says something in the chat so often meanwhile. */
  readonly saysEveryMs?: number;
}

const page = ({ chatId }: World) => `/chats/${chatId}/messages`;

const reads: readonly Read[] = [
  { what: "own profile", cache: "devices", path: () => "/me" },
  {
    what: "another's profile",
    cache: "devices",
    path: ({ people }) => `/users/${people[0]!.user.userId}`,
  },
  { what: "latest page", cache: "devices", path: page },
  { what: "latest page", cache: "messages", path: page },
  {
    what: "latest page, 20 messages a second",
    cache: "messages",
    path: page,
    saysEveryMs: 50,
  },
  {
    what: "older page",
    cache: "messages",
    path: (world) => `${page(world)}?before=55`,
  },
  {
    what: "one chat",
    cache: "messages",
    path: ({ chatId }) => `/chats/${chatId}`,
  },
  { what: "chat list", cache: "messages", path: () => "/chats" },
];

export async function caches(bench: Bench): Promise<Caches> {
  const { processes, databases, say } = bench;
  const databaseUrl = await databases.create("caches");
  await using counter = startQueryCounter(databaseUrl);
  const service = await createParleyService({ processes, databaseUrl });
  await using stack = new AsyncDisposableStack();
  const start = async (CACHES: string) =>
    stack.use(await service.start({ env: { CACHES } }));
  const sides = {
    none: await start("none"),
    devices: await start("devices"),
    messages: await start("messages"),
  };
  say("caches: making people and chats");
  const world = await populate(sides.none);
  await databases.run(databaseUrl, "analyze");
  const roundTrips = await countRoundTrips(service, counter, world);

  const figures: CachedRead[] = [];
  for (const [i, read] of reads.entries()) {
    say(`caches: ${read.what}, ${read.cache}`);
    const rounds: Record<"without" | "with", Measured>[] = [];
    for (let round = 0; round < plan.caches.rounds; round++) {
      rounds.push({
        without: await measure(sides.none, world, read),
        with: await measure(sides[read.cache], world, read),
      });
    }
    const middle = (side: "without" | "with"): ReadFigures => ({
      perSecond: median(rounds.map((each) => each[side].perSecond)),
      aloneMs: median(rounds.map((each) => each[side].aloneMs)),
      cpuMs: median(rounds.map((each) => each[side].cpuMs)),
      roundTrips: roundTrips[side][i]!,
    });
    figures.push({
      what: read.what,
      cache: read.cache,
      times: median(
        rounds.map((each) => each.with.perSecond / each.without.perSecond),
      ),
      without: middle("without"),
      with: middle("with"),
    });
  }
  const redis = await redisReads(say, {
    databaseUrl,
    chatId: world.chatId as ChatId,
    userId: world.people[0]!.user.userId,
  });
  return { reads: figures, ...(redis && { redis }) };
}

async function populate({ host }: Server): Promise<World> {
  const { people: count, chats, messages } = plan.caches;
  const people = await Promise.all(
    Array.from(
      { length: count },
      (_, i) =>
        post<Session>(host, "/auth/register", {
          username: `reader${i}`,
          password: crypto.randomUUID(),
        }),
    ),
  );
  const [first, ...others] = people;
  const memberIds = others.map(({ user }) => user.userId);
  const made: ChatItem[] = [];
  for (let i = 0; i < chats; i++) {
    const body = { kind: "group", title: `Group ${i}`, memberIds };
    made.push(await post(host, "/chats", body, first!.accessToken));
  }
  const { chatId } = made[0]!;
  for (let i = 0; i < messages; i++) {
    await say(host, chatId, people[i % count]!, i);
  }
  return { people, chatId };
}

const say = (host: string, chatId: string, by: Session, i: number) =>
  post<SendReply>(host, `/chats/${chatId}/messages`, {
    content: {
      type: "text",
      text: `Message ${i}, with as many words as people write in one line`,
    },
  }, by.accessToken);

interface Measured extends ReadRate {
  cpuMs: number;
  aloneMs: number;
}

async function measure(
  { host, process: { pid } }: Server,
  world: World,
  read: Read,
): Promise<Measured> {
  const { inFlight, alone, ...stretch } = plan.caches;
  const tokens = world.people.map(({ accessToken }) => accessToken);
  const url = `http://${host}/api/v1${read.path(world)}`;
  let i = 0;
  const talk = read.saysEveryMs === undefined ? undefined : setInterval(
    () => void say(host, world.chatId, world.people[0]!, i++),
    read.saysEveryMs,
  );
  try {
    await readAtOnce(url, tokens, inFlight, stretch.warmupMs);
    const before = await cpuSeconds(pid);
    const rate = await readAtOnce(url, tokens, inFlight, stretch.durationMs);
    const seconds = await cpuSeconds(pid) - before;
    const { p50Ms: aloneMs } = await readAtOnce(url, tokens, 1, alone.forMs);
    return { ...rate, cpuMs: seconds * 1000 / rate.count, aloneMs };
  } finally {
    clearInterval(talk);
  }
}

/** Of each kind of read, one at a time. A service through the counter has no other use. */
async function countRoundTrips(
  service: ParleyService,
  counter: QueryCounter,
  world: World,
): Promise<Record<"without" | "with", number[]>> {
  await using stack = new AsyncDisposableStack();
  const start = async (CACHES: string) =>
    stack.use(
      await service.start({
        env: {
          CACHES,
          DATABASE_URL: counter.url,
          RELAY: "local",
          // Nothing but the reads asks for anything.
          SWEEP_MS: "600000",
        },
      }),
    );
  const sides = {
    none: await start("none"),
    devices: await start("devices"),
    messages: await start("messages"),
  };
  const token = world.people[0]!.accessToken;
  const count = async ({ host }: Server, read: Read) => {
    const url = `http://${host}/api/v1${read.path(world)}`;
    await readAtOnce(url, [token], 1, 200);
    const before = counter.queries;
    const { count } = await readAtOnce(url, [token], 1, 200);
    return (counter.queries - before) / count;
  };
  const counts = { without: [] as number[], with: [] as number[] };
  for (const read of reads) {
    counts.without.push(await count(sides.none, read));
    counts.with.push(await count(sides[read.cache], read));
  }
  return counts;
}
