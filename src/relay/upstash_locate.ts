import type { Redis } from "@upstash/redis";
import { createBatcher } from "../lib/batcher.ts";
import { streamOf } from "./upstash_keys.ts";
import { type Entry, start } from "./upstash_page.ts";

/** Shards to ask for in one request: all that there are. */
const batchSize = 64;

/** Tells where the stream of a shard ends now. Those asked for together share a request. */
export function createLocate(redis: Redis): (shard: number) => Promise<string> {
  return createBatcher<number, string>(async (shards) => {
    const request = redis.pipeline();
    for (const shard of shards) request.xrevrange(streamOf(shard), "+", "-", 1);
    const answers = await request.exec<(readonly Entry[])[]>();
    return answers.map((entries) => entries[0]?.[0] ?? start);
  }, {
    batchSize,
    waiting: 10 * batchSize,
    refuse: () => new Error("Upstash is slower than what is subscribed to"),
    gatherTurn: true,
  });
}
