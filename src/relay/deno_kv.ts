import type { RelayKv } from "./deno_kv_keys.ts";
import { createKvPublisher } from "./deno_kv_publisher.ts";
import { createKvReader, type KvReader } from "./deno_kv_reader.ts";
import { createKvWatches } from "./deno_kv_watches.ts";
import type { Envelope } from "./envelope.ts";
import type { Relay } from "./relay.ts";
import { createSubscriptions } from "./subscriptions.ts";

export interface DenoKvRelayOptions {
  /** Stays the caller's, who closes it after the relay. */
  readonly kv: RelayKv;
  readonly envelope: Envelope;
  /** Told what fails in the background. */
  onFailure(error: unknown): void;
  /** How long an announcement can be read, in milliseconds. Readers further behind are told of a gap. */
  readonly expireMs?: number;
  /** Time limit of a read, a commit, and the first word of a watch, in milliseconds. */
  readonly answerMs?: number;
  /** How long a watch may be silent before it is opened anew, in milliseconds. */
  readonly renewMs?: number;
  /** How long a subscriber waits for its shard to be watched, in milliseconds. */
  readonly patienceMs?: number;
}

/** A shard that is listened to. */
interface Hearing {
  /** Resolved once the shard's bell has been seen. */
  readonly armed: PromiseWithResolvers<void>;
  readonly reader: KvReader;
}

const backoff = { baseMs: 100, capMs: 10_000 };

/**
 * Carries announcements through a Deno KV: between the isolates of one process where it is a local
 * file, and between all isolates of a Deno Deploy app.
 *
 * A publication adds an entry to its shard and rings the shard's bell in one commit
 * (`deno_kv_publisher.ts`). `watch` tells only the newest state of a key, so it is no more than the
 * doorbell (`deno_kv_watches.ts`): the entries are read from a cursor (`deno_kv_reader.ts`), and
 * nothing is lost however many rings one glance at the bell stands for.
 */
export function createDenoKvRelay(options: DenoKvRelayOptions): Relay {
  const { kv, envelope, onFailure, answerMs = 5000 } = options;
  const hearings = new Map<number, Hearing>();
  const leaving = new Set<Promise<void>>();

  const publisher = createKvPublisher({
    kv,
    envelope,
    expireMs: options.expireMs ?? 30_000,
    answerMs,
  });
  const watches = createKvWatches({
    kv,
    onBell(shard, bell) {
      const hearing = hearings.get(shard);
      hearing?.reader.ring(bell);
      hearing?.armed.resolve();
    },
    onReturn: (shard) => subscriptions.gap(shard),
    onFailure,
    backoff,
    answerMs,
    renewMs: options.renewMs ?? 60_000,
  });
  const subscriptions = createSubscriptions({
    arm(shard) {
      const armed = Promise.withResolvers<void>();
      const reader = createKvReader({
        kv,
        shard,
        envelope,
        on: (batch) => subscriptions.deliver(shard, batch),
        onGap: () => subscriptions.gap(shard),
        onFailure,
        backoff,
        answerMs,
      });
      hearings.set(shard, { armed, reader });
      watches.add(shard);
      return armed.promise;
    },
    disarm(shard) {
      watches.remove(shard);
      const { armed, reader } = hearings.get(shard)!;
      hearings.delete(shard);
      armed.resolve();
      const left = reader[Symbol.asyncDispose]()
        .finally(() => leaving.delete(left));
      leaving.add(left);
    },
    onFailure,
    patienceMs: options.patienceMs ?? 1000,
  });

  return {
    publish: publisher.publish,
    subscribe: subscriptions.subscribe,
    async [Symbol.asyncDispose]() {
      subscriptions.end();
      const readers = [...hearings.values()].map(({ reader }) => reader);
      await Promise.all([
        ...[publisher, watches, ...readers].map((each) =>
          each[Symbol.asyncDispose]()
        ),
        ...leaving,
      ]);
    },
  };
}
