import { createPause, type Pause } from "./upstash_pause.ts";
import type { UpstashClient } from "./upstash_client.ts";
import { beat, doorbell, shardsIn } from "./upstash_keys.ts";

export interface BellParts {
  readonly client: Pick<UpstashClient, "subscribe" | "publish">;
  onRing(shards: readonly number[]): void;
  /** Rings arrive from now on; there may have been some before. */
  onArmed(): void;
  /** Rings may not arrive any more. */
  onSilence(): void;
  onFailure(error: unknown): void;
  /** After one to two times so much silence the bell rings for itself, in milliseconds. */
  readonly beatMs: number;
  /** Milliseconds until it must have heard that, or the answer to a subscription. */
  readonly answerMs: number;
  /** Milliseconds until it subscribes again, doubling from the first to the second while that fails. */
  readonly retryMs: readonly [first: number, longest: number];
  /** From 0 up to 1: spreads the beats of several isolates. */
  random?(): number;
  /** Milliseconds from any start. */
  now?(): number;
  readonly pause?: Pause;
}

/** The doorbell of the shards: a subscription that watches over itself. */
export interface Bell extends AsyncDisposable {
  /** Whether rings are believed to arrive. */
  readonly isLive: boolean;
  /** Something came that nobody rang for: makes sure that the subscription still stands. */
  doubt(): void;
}

/**
 * Subscribes, and again when that has ended. A stream can also stand and be dead, so the bell goes by
 * what it hears. Any sign of life counts: of many idle isolates one beats for all.
 */
export function startBell(parts: BellParts): Bell {
  const { client, onRing, onArmed, onSilence, onFailure } = parts;
  const { beatMs, answerMs, retryMs: [retryMs, longestMs] } = parts;
  const { random = Math.random, now = () => performance.now() } = parts;
  const { pause = createPause() } = parts;
  let closed = false;
  let isLive = false;
  let isDoubted = false;
  let failures = 0;

  async function keep(): Promise<void> {
    while (!closed) {
      await listen().catch(onFailure);
      if (closed) return;
      isLive = false;
      onSilence();
      await pause.wait(Math.min(retryMs * 2 ** failures++, longestMs));
    }
  }

  /** Rejects once the subscription has failed; resolves when the bell is closed. */
  async function listen(): Promise<void> {
    const leaving = new AbortController();
    let failure: Error | undefined;
    let askedAt: number | undefined = now();
    let heardAt = -Infinity;
    let quietMs = beatMs;

    const stream = client.subscribe(
      doorbell,
      leaving.signal,
      (kind, payload) => {
        heardAt = now();
        // Whoever draws the shortest beats for all that hear it.
        quietMs = beatMs * (1 + random());
        isLive = true;
        isDoubted = false;
        pause.cut();
        if (kind === "message") onRing(shardsIn(payload));
        if (kind !== "subscribe") return;
        failures = 0;
        onArmed();
      },
    ).then(() => new Error("Upstash has ended the doorbell's stream"))
      .catch((error: Error) => error)
      .then((error) => {
        failure = error;
        pause.cut();
      });
    isDoubted = false;
    try {
      while (!closed) {
        if (failure) throw failure;
        const time = now();
        if (askedAt !== undefined && heardAt >= askedAt) askedAt = undefined;
        if (askedAt !== undefined) {
          const left = askedAt + answerMs - time;
          if (left <= 0) throw new Error("Upstash's doorbell has gone silent");
          await pause.wait(left);
        } else if (isDoubted || time >= heardAt + quietMs) {
          isDoubted = false;
          askedAt = time;
          await client.publish(doorbell, beat);
        } else {
          await pause.wait(heardAt + quietMs - time);
        }
      }
    } finally {
      leaving.abort();
      await stream;
    }
  }

  const kept = keep();
  return {
    get isLive() {
      return isLive;
    },
    doubt() {
      isLive = false;
      isDoubted = true;
      pause.cut();
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      pause.cut();
      await kept;
    },
  };
}
