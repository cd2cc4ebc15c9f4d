import type { Envelope } from "./envelope.ts";
import type { Relay } from "./relay.ts";
import { openUpstash } from "./upstash_client.ts";
import { type Ears, openEars } from "./upstash_ears.ts";
import { createPause } from "./upstash_pause.ts";
import { createPublisher } from "./upstash_publisher.ts";
import { createReader, type ShardListener } from "./upstash_reader.ts";

/** In milliseconds, all of them. */
export interface UpstashTimings {
  /** For a request, its repetitions included. */
  readonly requestMs: number;
  /** The doorbell makes sure of itself after one to two times so much silence. */
  readonly beatMs: number;
  /** It must have heard itself by then, or it subscribes again. */
  readonly answerMs: number;
  /** Until it subscribes again, doubling from the first to the second while that fails. */
  readonly retryMs: readonly [first: number, longest: number];
  /** Between two looks without the doorbell, slowing down from the first to the second while idle. */
  readonly pollMs: readonly [first: number, longest: number];
  /** For publications under way when the relay is disposed. */
  readonly lingerMs: number;
}

/**
 * While nobody says anything, an isolate costs six looks a minute, and all of them together up to
 * four beats: 500,000 commands a month, which a free database has, are enough for one.
 */
const defaults: UpstashTimings = {
  requestMs: 4000,
  beatMs: 15_000,
  answerMs: 5000,
  retryMs: [250, 10_000],
  pollMs: [250, 10_000],
  lingerMs: 500,
};

/** Entries that a stream keeps at least: some seconds of the busiest shard. */
const streamLength = 1000;

export interface UpstashRelayParts extends Partial<UpstashTimings> {
  readonly url: string;
  readonly token: string;
  readonly envelope: Envelope;
  /** Called for what fails in the background: the relay goes on, and catches up. */
  onFailure(error: unknown): void;
}

export interface UpstashRelay extends Relay {
  /** Commands sent so far, as Upstash bills them. */
  readonly commands: number;
}

/**
 * Carries announcements through the streams of an Upstash Redis, over REST alone.
 *
 * - A publication is an entry in the stream of its shard, and a ring at the doorbell.
 * - A subscription is a cursor in that stream. REST has no blocking reads, so the doorbell says when
 *   to read on; a slow poll under it finds what nobody rang for.
 * - A reader begins each page with the entry it read last: where that is gone, so is more, and
 *   `onGap` is called.
 * - The client sends again when a connection drops, so an entry can be there twice: announcements
 *   are told apart by their ids, and heard once.
 *
 * Redis holds nothing but sealed batches and the numbers of shards.
 */
export function createUpstashRelay(parts: UpstashRelayParts): UpstashRelay {
  const { url, token, envelope, onFailure, ...timings } = {
    ...defaults,
    ...parts,
  };
  const client = openUpstash({ url, token, requestMs: timings.requestMs });
  const { redis } = client;
  const publisher = createPublisher({ redis, envelope, streamLength });
  const reader = createReader({
    redis,
    envelope,
    onBehind: () => ears?.hurry(),
    onFailure,
  });
  let ears: Ears | undefined;
  const ending = new Set<PromiseLike<void>>();
  let end: Promise<void> | undefined;

  /** Listens as long as there is somebody to listen for. */
  function listen(): void {
    ears ??= openEars({ client, reader, onFailure, ...timings });
  }

  function stopListening(): void {
    const stopping = ears?.[Symbol.asyncDispose]().then(() => {
      ending.delete(stopping!);
    });
    if (stopping) ending.add(stopping);
    ears = undefined;
  }

  function leave(shard: number, listener: ShardListener): void {
    reader.leave(shard, listener);
    if (reader.shards === 0) stopListening();
  }

  async function close(): Promise<void> {
    reader.close();
    stopListening();
    // What was committed last is still told, if that is a matter of moments.
    const linger = createPause();
    void publisher.settled().then(linger.cut);
    await linger.wait(timings.lingerMs);
    await client[Symbol.asyncDispose]();
    await Promise.all(ending);
  }

  const isClosed = () => Promise.reject(new Error("The relay is closed"));

  return {
    publish(shard, announcements) {
      return end ? isClosed() : publisher.publish(shard, announcements);
    },

    async subscribe(shard, on, onGap) {
      if (end) return await isClosed();
      const listener = { on, onGap };
      const entered = reader.enter(shard, listener);
      listen();
      try {
        await entered;
      } catch (error) {
        leave(shard, listener);
        throw error;
      }
      return {
        [Symbol.asyncDispose]() {
          leave(shard, listener);
          return Promise.resolve();
        },
      };
    },

    get commands() {
      return client.commands;
    },

    [Symbol.asyncDispose]: () => end ??= close(),
  };
}
