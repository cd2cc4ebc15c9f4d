import { settlesWithin } from "../lib/settles_within.ts";
import type { Announcement } from "./relay.ts";

export interface SubscriptionsParts {
  /**
   * Begins to hear the shard. Resolves once what is published from now on is heard, however long
   * that takes, and also when the shard is let go before; never rejects.
   */
  arm(shard: number): Promise<void>;
  /** Lets the shard go: nobody here listens to it any more. */
  disarm(shard: number): void;
  onFailure(error: unknown): void;
  /** How long a subscriber waits for its shard to be heard, in milliseconds. */
  readonly patienceMs: number;
}

/**
 * Who listens to which shard, for a driver that hears a shard by itself: it is armed with the first
 * subscriber and let go with the last.
 *
 * Where the relay is away, a subscriber waits for a while and then goes on without it, so that a
 * relay that is down does not keep people from connecting. It stays subscribed, and is told of the
 * gap once its shard is heard.
 */
export interface Subscriptions {
  subscribe(
    shard: number,
    on: (batch: readonly Announcement[]) => void,
    onGap: () => void,
  ): Promise<AsyncDisposable>;
  deliver(shard: number, batch: readonly Announcement[]): void;
  /** Some announcements of the shard may have been missed. */
  gap(shard: number): void;
  readonly shards: readonly number[];
  /** Ends every subscription; those who still wait for one have waited enough. */
  end(): void;
}

interface Subscriber {
  on(batch: readonly Announcement[]): void;
  onGap(): void;
}

interface Shard {
  readonly subscribers: Set<Subscriber>;
  readonly armed: PromiseWithResolvers<void>;
  /** Somebody has waited for it long enough. */
  isLate: boolean;
}

export function createSubscriptions(parts: SubscriptionsParts): Subscriptions {
  const shards = new Map<number, Shard>();
  let isOver = false;

  type News = (subscriber: Subscriber) => void;

  function tellAll(number: number, news: News) {
    const shard = shards.get(number);
    for (const each of [...shard?.subscribers ?? []]) tell(shard!, each, news);
  }

  /** One subscriber's fault is not the others'. */
  function tell(shard: Shard, subscriber: Subscriber, news: News) {
    if (!shard.subscribers.has(subscriber)) return;
    try {
      news(subscriber);
    } catch (error) {
      parts.onFailure(error);
    }
  }

  function enter(number: number): Shard {
    const shard: Shard = {
      subscribers: new Set(),
      armed: Promise.withResolvers(),
      isLate: false,
    };
    shards.set(number, shard);
    void parts.arm(number).then(shard.armed.resolve);
    return shard;
  }

  function remove(number: number, shard: Shard, subscriber: Subscriber) {
    if (!shard.subscribers.delete(subscriber)) return;
    if (shard.subscribers.size > 0 || shards.get(number) !== shard) return;
    shards.delete(number);
    parts.disarm(number);
  }

  /** Waits until the shard is heard, but for no longer than `patienceMs`, and only once a shard. */
  async function wait(shard: Shard, subscriber: Subscriber) {
    if (!shard.isLate) {
      if (await settlesWithin(parts.patienceMs, shard.armed.promise)) return;
      shard.isLate = true;
    }
    void shard.armed.promise.then(() => {
      shard.isLate = false;
      tell(shard, subscriber, ({ onGap }) => onGap());
    });
  }

  return {
    async subscribe(number, on, onGap) {
      if (isOver) throw new Error("Cannot subscribe to a relay that is closed");
      // An object of its own a subscription, so that the same `on` may subscribe twice.
      const subscriber: Subscriber = { on, onGap };
      const shard = shards.get(number) ?? enter(number);
      shard.subscribers.add(subscriber);
      await wait(shard, subscriber);
      return {
        [Symbol.asyncDispose]() {
          remove(number, shard, subscriber);
          return Promise.resolve();
        },
      };
    },

    deliver: (shard, batch) => tellAll(shard, ({ on }) => on(batch)),
    gap: (shard) => tellAll(shard, ({ onGap }) => onGap()),
    get shards() {
      return [...shards.keys()];
    },

    end() {
      isOver = true;
      for (const { subscribers, armed } of shards.values()) {
        subscribers.clear();
        armed.resolve();
      }
      shards.clear();
    },
  };
}
