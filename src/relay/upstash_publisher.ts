import type { Redis } from "@upstash/redis";
import { createBatcher } from "../lib/batcher.ts";
import type { Envelope } from "./envelope.ts";
import type { Announcement } from "./relay.ts";
import { batchField, doorbell, ringFor, streamOf } from "./upstash_keys.ts";

/** Upstash takes 10 MB a request. Smaller ones keep a slow line from holding up what comes after. */
const requestChars = 1_000_000;
/** A reader asks for pages of entries of many streams at once, so none may be large. */
const entryChars = 48_000;
/** Publications in one go, and waiting for their turn: what Upstash is slower than is refused. */
const atOnce = 1000;
const waiting = 10_000;

export interface PublisherParts {
  readonly redis: Redis;
  readonly envelope: Envelope;
  /** How many entries a stream keeps at least. */
  readonly streamLength: number;
}

export interface Publisher {
  publish(shard: number, announcements: readonly Announcement[]): Promise<void>;
  /** Resolves once everything handed in so far has been taken, or refused. */
  settled(): Promise<void>;
}

interface Publication {
  readonly shard: number;
  readonly announcements: readonly Announcement[];
}

interface Entry {
  readonly shard: number;
  readonly text: string;
}

/**
 * Appends to the streams and rings. Publications of one turn, and those that come while a request is
 * under way, share the next request: one entry a shard, one ring for all, and one outcome.
 */
export function createPublisher(
  { redis, envelope, streamLength }: PublisherParts,
): Publisher {
  const underway = new Set<Promise<void>>();
  const submit = createBatcher<Publication, void>(async (publications) => {
    for (const entries of requestsOf(entriesOf(publications))) {
      await send(entries);
    }
    return publications.map(() => {});
  }, {
    batchSize: atOnce,
    waiting,
    refuse: () => new Error("Upstash is slower than what is published"),
    gatherTurn: true,
  });

  async function send(entries: readonly Entry[]): Promise<void> {
    const request = redis.pipeline();
    for (const { shard, text } of entries) {
      request.xadd(streamOf(shard), "*", { [batchField]: text }, {
        trim: { type: "MAXLEN", comparison: "~", threshold: streamLength },
      });
    }
    request.publish(doorbell, ringFor(new Set(entries.map((e) => e.shard))));
    await request.exec();
  }

  function entriesOf(publications: readonly Publication[]): Entry[] {
    const byShard = Map.groupBy(publications, ({ shard }) => shard);
    return [...byShard].flatMap(([shard, group]) =>
      textsOf(group.flatMap(({ announcements }) => announcements))
        .map((text) => ({ shard, text }))
    );
  }

  /** The announcements, closed, in as many texts as their size asks for. */
  function textsOf(announcements: readonly Announcement[]): string[] {
    const text = envelope.close(announcements);
    if (text.length <= entryChars) return [text];
    if (announcements.length > 1) {
      const half = announcements.length >> 1;
      return [
        ...textsOf(announcements.slice(0, half)),
        ...textsOf(announcements.slice(half)),
      ];
    }
    // Too large for the road: who hears of it reads the changes.
    const { event: _, ...bare } = announcements[0]!;
    return [envelope.close([bare])];
  }

  return {
    publish(shard, announcements) {
      if (announcements.length === 0) return Promise.resolve();
      const outcome = submit({ shard, announcements });
      underway.add(outcome);
      const forget = () => void underway.delete(outcome);
      outcome.then(forget, forget);
      return outcome;
    },
    async settled() {
      await Promise.allSettled(underway);
    },
  };
}

/** Splits the entries, so that each part makes a request of bearable size. */
function requestsOf(entries: readonly Entry[]): Entry[][] {
  const requests: Entry[][] = [];
  let room = 0;
  for (const entry of entries) {
    room -= entry.text.length;
    if (room < 0) {
      requests.push([]);
      room = requestChars - entry.text.length;
    }
    requests.at(-1)!.push(entry);
  }
  return requests;
}
