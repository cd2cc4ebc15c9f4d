import { createPause, type Pause } from "./upstash_pause.ts";

export interface PollParts {
  /** Looks for news, and tells whether there was some. Must not reject. */
  look(): Promise<boolean>;
  /** Whether something else tells of news at once, so that a slow poll will do. */
  isSpare(): boolean;
  /** Milliseconds between two looks: after news, and as the longest, doubling from the one to the other. */
  readonly pollMs: readonly [first: number, longest: number];
  readonly pause?: Pause;
}

export interface Poll extends AsyncDisposable {
  /** Looks soon, even if spare, and slows down again while there is no news. */
  hasten(): void;
}

/** Looks for news again and again: often after there was some, seldom while all is quiet. */
export function startPoll(
  { look, isSpare, pollMs: [firstMs, longestMs], pause = createPause() }:
    PollParts,
): Poll {
  let closed = false;
  let waitMs = firstMs;
  let isHurried = false;

  async function keep(): Promise<void> {
    while (!closed) {
      const isSlow = isSpare() && !isHurried;
      isHurried = false;
      await pause.wait(isSlow ? longestMs : waitMs);
      if (closed || isHurried) continue;
      waitMs = await look() ? firstMs : Math.min(2 * waitMs, longestMs);
    }
  }

  const kept = keep();
  return {
    hasten() {
      waitMs = firstMs;
      isHurried = true;
      pause.cut();
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      pause.cut();
      await kept;
    },
  };
}
