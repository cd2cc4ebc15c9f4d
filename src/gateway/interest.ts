import { type Announcement, type Relay, shardOf } from "../relay/relay.ts";

export interface InterestParts {
  readonly relay: Pick<Relay, "subscribe">;
  on(batch: readonly Announcement[]): void;
  onGap(): void;
  /** A shard that cannot be subscribed to now is tried again by the next listener; the sweep covers it. */
  onFailure(error: unknown): void;
  /** How long a listener waits for a relay that does not answer, in milliseconds; the sweep covers it. */
  readonly patienceMs?: number;
}

/**
 * The shards this isolate is subscribed to: those in which it has a listener, and no others, so that
 * what the relay costs follows interest.
 */
export interface Interest extends AsyncDisposable {
  /**
   * Counts the fresh scopes in. Resolves once announcements of all the scopes arrive, or the relay has
   * kept the listener waiting for long enough; never rejects.
   */
  take(fresh: readonly string[], scopeIds: readonly string[]): Promise<void>;
  /** Counts one scope out, and lets its shard go with the last. */
  drop(scopeId: string): void;
  readonly shards: number;
}

interface Shard {
  scopes: number;
  subscription: Promise<AsyncDisposable | undefined>;
}

export function createInterest(
  { relay, on, onGap, onFailure, patienceMs = 1000 }: InterestParts,
): Interest {
  const shards = new Map<number, Shard>();

  function subscribe(shard: number): Shard["subscription"] {
    return relay.subscribe(shard, on, onGap).catch((error) => {
      onFailure(error);
      return undefined;
    });
  }

  /** Tries once more where the shard could not be subscribed to: one of those who wait for it does. */
  async function subscribed(number: number) {
    const shard = shards.get(number);
    const first = shard?.subscription;
    if (!shard || await first !== undefined) return;
    const isMine = shard.subscription === first && shards.get(number) === shard;
    if (isMine) shard.subscription = subscribe(number);
    await shard.subscription;
  }

  async function release({ subscription }: Shard) {
    try {
      await (await subscription)?.[Symbol.asyncDispose]();
    } catch (error) {
      onFailure(error);
    }
  }

  return {
    async take(fresh, scopeIds) {
      for (const scopeId of fresh) {
        const number = shardOf(scopeId);
        const shard = shards.get(number);
        if (shard) shard.scopes++;
        else shards.set(number, { scopes: 1, subscription: subscribe(number) });
      }
      const all = Promise.all(
        [...new Set(scopeIds.map(shardOf))].map(subscribed),
      );
      const inTime = await atMost(all, patienceMs);
      // What was announced meanwhile did not arrive.
      if (!inTime) void all.then(onGap);
    },

    drop(scopeId) {
      const number = shardOf(scopeId);
      const shard = shards.get(number);
      if (!shard || --shard.scopes > 0) return;
      shards.delete(number);
      void release(shard);
    },

    get shards() {
      return shards.size;
    },

    async [Symbol.asyncDispose]() {
      const held = [...shards.values()];
      shards.clear();
      await Promise.all(held.map(release));
    },
  };
}

/** Resolves with the work, or when the time is over; answers whether the work was done. */
async function atMost(work: Promise<unknown>, ms: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, ms, false);
  const inTime = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
}
