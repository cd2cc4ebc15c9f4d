import { openDatabase } from "../../src/db/database.ts";
import {
  latestPlaces,
  messagesBefore,
} from "../../src/messages/reading_store.ts";
import type { ChatId, UserId } from "../../src/protocol/ids.ts";
import { openUpstash } from "../../src/relay/upstash_client.ts";
import { plan } from "./plan.ts";
import { relayHome } from "./relays.ts";
import { percentile } from "./statistics.ts";

/**
 * What a second level in Upstash's Redis would take and save. It may hold only what is sealed, so what
 * is read from it has to be opened like what is read from Postgres; and Postgres is asked in any case,
 * for the reader's right and for how the page stands. All times are of one at a time, in milliseconds.
 */
export interface RedisReads {
  pageBytes: number;
  /** A sealed page from Redis, over REST. */
  redisMs: number;
  /** The rows of the page from Postgres. */
  rowsMs: number;
  /** How the page stands, without its rows: what would have to be asked before. */
  placesMs: number;
}

interface Place {
  readonly databaseUrl: string;
  readonly chatId: ChatId;
  readonly userId: UserId;
}

/** undefined where there is no Redis to ask. */
export async function redisReads(
  say: (line: string) => void,
  place: Place,
): Promise<RedisReads | undefined> {
  try {
    return await measure(place);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    say(`caches: leaving Redis out: ${why}`);
  }
}

const pageItems = 50;

async function measure(
  { databaseUrl, chatId, userId }: Place,
): Promise<RedisReads> {
  const { pageBytes } = plan.caches.redis;
  await using home = await relayHome("upstash");
  const env = { ...Deno.env.toObject(), ...home.env };
  await using client = openUpstash({
    url: env.UPSTASH_REDIS_REST_URL!,
    token: env.UPSTASH_REDIS_REST_TOKEN!,
    requestMs: 4000,
  });
  await using database = openDatabase({
    url: databaseUrl,
    connections: 1,
    queryMs: 4000,
  });
  const key = `parley:bench:${crypto.randomUUID()}`;
  const page = crypto.getRandomValues(new Uint8Array(pageBytes * 3 / 4));
  await client.redis.set(key, page.toBase64(), { ex: 60 });
  const latest = messagesBefore(
    chatId,
    userId,
    Number.MAX_SAFE_INTEGER,
    pageItems + 1,
  );
  const places = latestPlaces(chatId, userId, pageItems + 1);
  const [redisMs, rowsMs, placesMs] = await timeInTurn([
    async () => {
      const found = await client.redis.get<string>(key);
      if (found?.length !== pageBytes) throw new Error("It is not the page");
    },
    () => database.snapshot(latest),
    () => database.snapshot(places),
  ]);
  await client.redis.del(key);
  return {
    pageBytes,
    redisMs: redisMs!,
    rowsMs: rowsMs!,
    placesMs: placesMs!,
  };
}

/** The median of each, one after the other, so that what disturbs one disturbs all. */
async function timeInTurn(
  works: readonly (() => Promise<unknown>)[],
): Promise<number[]> {
  const times = works.map(() => [] as number[]);
  for (let i = 0; i < plan.caches.redis.reads; i++) {
    for (const [nth, work] of works.entries()) {
      const since = performance.now();
      await work();
      times[nth]!.push(performance.now() - since);
    }
  }
  return times.map((each) => percentile(each, 0.5));
}
