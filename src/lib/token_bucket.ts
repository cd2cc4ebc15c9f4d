import type { Clock } from "./clock.ts";

export interface Rate {
  /** Tokens at most, and at the start: the burst. */
  readonly burst: number;
  /** Tokens that come back in a second. */
  readonly perSecond: number;
}

export interface TokenBucket {
  /**
   * Takes a token, or so many at once. Answers 0, or the milliseconds until there are as many; then
   * it took none. More than the burst there never are.
   */
  take(tokens?: number): number;
  /** Puts a token back. */
  giveBack(): void;
}

/** A full bucket. It counts time when asked and owns no timer. */
export function createTokenBucket(
  { burst, perSecond }: Rate,
  clock: Clock = Date.now,
): TokenBucket {
  let tokens = burst;
  let countedAt = clock();

  function count() {
    const now = clock();
    const seconds = Math.max(0, now - countedAt) / 1000;
    tokens = Math.min(burst, tokens + seconds * perSecond);
    countedAt = now;
  }

  return {
    take(wanted = 1) {
      count();
      if (tokens >= wanted) {
        tokens -= wanted;
        return 0;
      }
      return Math.ceil((wanted - tokens) / perSecond * 1000);
    },
    giveBack() {
      tokens = Math.min(burst, tokens + 1);
    },
  };
}
