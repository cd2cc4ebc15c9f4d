import type { Envelope } from "./envelope.ts";
import { type Backoff, pause } from "./pause.ts";
import {
  channelOf,
  type Ear,
  type Notify,
  type OpenEar,
  shardIn,
} from "./postgres_port.ts";
import { createPostgresPublisher } from "./postgres_publisher.ts";
import type { Announcement, Relay } from "./relay.ts";
import { createSubscriptions } from "./subscriptions.ts";

export interface PostgresRelayOptions {
  /** Opens the direct connection that listens; called again whenever it was lost. */
  readonly openEar: OpenEar;
  /** Sends notifications, through the pool. */
  readonly notify: Notify;
  readonly envelope: Envelope;
  /** Told what fails in the background. */
  onFailure(error: unknown): void;
  /** Waits between attempts to open the connection. */
  readonly backoff?: Backoff;
  /** How long a subscriber waits for its shard to be listened to, in milliseconds. */
  readonly patienceMs?: number;
}

/**
 * Carries announcements as notifications of a Postgres (NOTIFY), a channel a shard. For services
 * that have nothing but Postgres; also between processes.
 *
 * They are heard over one direct connection, opened with the first subscription. Nobody keeps what
 * is notified while it is lost: so once it is back, every subscriber is told of a gap.
 */
export function createPostgresRelay(options: PostgresRelayOptions): Relay {
  const { openEar, notify, envelope, onFailure } = options;
  const { backoff = { baseMs: 250, capMs: 10_000 }, patienceMs = 1000 } =
    options;
  /** Shards that were not listened to yet, and who waits for it. */
  const unheard = new Map<number, PromiseWithResolvers<void>>();
  const closing = new AbortController();
  /** What fails on it takes it down, and is told then. */
  let ear: Ear | undefined;
  let hearing: Promise<void> | undefined;

  const publisher = createPostgresPublisher({ notify, envelope });
  const subscriptions = createSubscriptions({
    arm(shard) {
      const waiting = Promise.withResolvers<void>();
      unheard.set(shard, waiting);
      hearing ??= keepHearing();
      if (ear) listen(ear, [shard]).catch(() => {});
      return waiting.promise;
    },
    disarm(shard) {
      unheard.get(shard)?.resolve();
      unheard.delete(shard);
      ear?.unlisten([channelOf(shard)]).catch(() => {});
    },
    onFailure,
    patienceMs,
  });

  /** Hears until the relay is closed, over one connection after another. */
  async function keepHearing() {
    let failures = 0;
    while (!closing.signal.aborted) {
      try {
        await hear(() => failures = 0);
      } catch (error) {
        if (closing.signal.aborted) return;
        onFailure(error);
        await pause(failures++, backoff, closing.signal);
      }
    }
  }

  /** Hears until the relay is closed; rejects when the connection is lost. */
  async function hear(onHearing: () => void) {
    const over = Promise.withResolvers<void>();
    over.promise.catch(() => {});
    const close = () => over.resolve();
    closing.signal.addEventListener("abort", close);
    let opened: Ear | undefined;
    try {
      opened = await openEar(
        { onNotification: receive, onLost: over.reject },
        closing.signal,
      );
      ear = opened;
      await listen(opened, subscriptions.shards);
      onHearing();
      await over.promise;
    } finally {
      closing.signal.removeEventListener("abort", close);
      ear = undefined;
      await opened?.end();
    }
  }

  async function listen(ear: Ear, shards: readonly number[]) {
    // Those who come while it is under way are not spoken for.
    const waiting = new Map(shards.map((each) => [each, unheard.get(each)]));
    await ear.listen(shards.map(channelOf));
    for (const [shard, first] of waiting) {
      // It was listened to before, over another connection.
      if (first === undefined) subscriptions.gap(shard);
      else if (unheard.get(shard) === first) {
        unheard.delete(shard);
        first.resolve();
      }
    }
  }

  function receive(channel: string, payload: string) {
    const shard = shardIn(channel);
    let batch: readonly Announcement[];
    try {
      batch = envelope.open(payload);
    } catch (error) {
      onFailure(error);
      subscriptions.gap(shard);
      return;
    }
    subscriptions.deliver(shard, batch);
  }

  return {
    publish: publisher.publish,
    subscribe: subscriptions.subscribe,
    async [Symbol.asyncDispose]() {
      closing.abort();
      subscriptions.end();
      await Promise.all([publisher[Symbol.asyncDispose](), hearing]);
    },
  };
}
