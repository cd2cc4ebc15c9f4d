import { startBell } from "./upstash_bell.ts";
import type { UpstashClient } from "./upstash_client.ts";
import { startPoll } from "./upstash_poll.ts";
import type { Reader } from "./upstash_reader.ts";

export interface EarsParts {
  readonly client: UpstashClient;
  readonly reader: Reader;
  onFailure(error: unknown): void;
  readonly beatMs: number;
  readonly answerMs: number;
  readonly retryMs: readonly [first: number, longest: number];
  readonly pollMs: readonly [first: number, longest: number];
}

/** What tells the reader when to read. */
export interface Ears extends AsyncDisposable {
  /** Something has not been read that should have been: looks soon. */
  hurry(): void;
}

/** The doorbell, and under it a poll for what nobody rang for. */
export function openEars(parts: EarsParts): Ears {
  const { reader } = parts;

  const bell = startBell({
    ...parts,
    onRing: reader.ring,
    // What was rung for before nobody heard.
    onArmed: () => void reader.catchUp(),
    onSilence: () => poll.hasten(),
  });
  const poll = startPoll({
    ...parts,
    isSpare: () => bell.isLive && !reader.isBehind,
    async look() {
      if (!bell.isLive || reader.isBehind) return await reader.catchUp();
      const found = await reader.peek();
      if (found) bell.doubt();
      return found;
    },
  });

  return {
    hurry: poll.hasten,
    async [Symbol.asyncDispose]() {
      await Promise.all(
        [bell, poll].map((each) => each[Symbol.asyncDispose]()),
      );
    },
  };
}
