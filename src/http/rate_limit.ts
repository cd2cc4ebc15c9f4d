import { LRUCache } from "lru-cache";
import type { Clock } from "../lib/clock.ts";
import {
  createTokenBucket,
  type Rate,
  type TokenBucket,
} from "../lib/token_bucket.ts";
import { Problem } from "../protocol/problem.ts";

/** A token bucket for each key. */
export interface RateLimit {
  /**
   * Throws `rate_limited`, with the time until there is a token, or as many as are asked for, when
   * the key's bucket holds fewer.
   */
  take(key: string, tokens?: number): void;
  /** Undoes a `take` that turned out not to count. */
  giveBack(key: string): void;
}

/** Keys remembered at most; the bucket of one that is pushed out starts full again. */
const keysKept = 50_000;

/** Counts on this isolate alone: with several, a client has so many times the rate. */
export function createRateLimit(
  rate: Rate,
  clock: Clock = Date.now,
): RateLimit {
  const buckets = new LRUCache<string, TokenBucket>({
    // Not `max`: room for all of them would be made, and filled, at every start.
    maxSize: keysKept,
    sizeCalculation: () => 1,
  });

  return {
    take(key, tokens) {
      let bucket = buckets.get(key);
      if (!bucket) {
        bucket = createTokenBucket(rate, clock);
        buckets.set(key, bucket);
      }
      const retryAfterMs = bucket.take(tokens);
      if (retryAfterMs > 0) throw new Problem("rate_limited", { retryAfterMs });
    },
    giveBack: (key) => buckets.get(key)?.giveBack(),
  };
}
