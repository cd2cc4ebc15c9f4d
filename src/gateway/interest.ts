import { settlesWithin } from "../lib/settles_within.ts";
import { type Announcement, type Relay, shardOf } from "../relay/relay.ts";

export interface InterestParts {
  readonly relay: Pick<Relay, "subscribe">;
  on(batch: readonly Announcement[]): void;
  onGap(): void;
  /** A shard that cannot be subscribed to now is tried again by the next listener; the sweep covers it. */
  onFailure(error: unknown): void;
  /** How long a listener waits for a relay that does not answer, in milliseconds; the sweep covers it. */
  readonly patienceMs?: number;
  /** How long after a failure a shard is tried again by itself, in milliseconds. */
  readonly retryMs?: number;
  /** Milliseconds on a clock that never goes back. */
  now?(): number;
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
  /** Since when all that the relay brings of the scope is heard, by `now`; undefined where it is not. */
  heardSince(scopeId: string): number | undefined;
  readonly shards: number;
}

interface Shard {
  scopes: number;
  subscription: Promise<AsyncDisposable | undefined>;
  /** When it was subscribed to. */
  since?: number;
  /** Somebody waited for it in vain: nobody waits for it again until it is there. */
  isLate: boolean;
  /** Runs while it could not be subscribed to. */
  retry?: ReturnType<typeof setTimeout>;
}

export function createInterest({
  relay,
  on,
  onGap,
  onFailure,
  patienceMs = 1000,
  retryMs = 5000,
  now = () => performance.now(),
}: InterestParts): Interest {
  const shards = new Map<number, Shard>();

  function subscribe(number: number): Shard["subscription"] {
    const subscription = relay.subscribe(number, on, onGap).then(
      (subscribed) => {
        const shard = shards.get(number);
        if (shard?.subscription === subscription) shard.since = now();
        return subscribed;
      },
      (error) => {
        onFailure(error);
        const shard = shards.get(number);
        if (shard) shard.retry ??= setTimeout(() => retry(number), retryMs);
        return undefined;
      },
    );
    return subscription;
  }

  /** Those who listen already must not have to wait for the next one to come. */
  function retry(number: number) {
    const shard = shards.get(number);
    if (!shard) return;
    delete shard.retry;
    void subscribed(number).then(async () => {
      if (await shard.subscription) onGap();
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

  async function release({ subscription, retry }: Shard) {
    clearTimeout(retry);
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
        else {
          const subscription = subscribe(number);
          shards.set(number, { scopes: 1, subscription, isLate: false });
        }
      }
      const wanted = [...new Set(scopeIds.map(shardOf))].map((number) => ({
        shard: shards.get(number),
        ready: subscribed(number),
      })).filter(({ shard }) => !shard?.isLate);
      const all = Promise.all(wanted.map(({ ready }) => ready));
      if (await settlesWithin(patienceMs, all)) return;
      for (const { shard, ready } of wanted) {
        if (shard) shard.isLate = true;
        void ready.then(() => {
          if (!shard?.isLate) return;
          shard.isLate = false;
          // What was announced meanwhile did not arrive.
          onGap();
        });
      }
    },

    drop(scopeId) {
      const number = shardOf(scopeId);
      const shard = shards.get(number);
      if (!shard || --shard.scopes > 0) return;
      shards.delete(number);
      void release(shard);
    },

    heardSince: (scopeId) => shards.get(shardOf(scopeId))?.since,

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
