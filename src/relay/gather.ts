import { createBatcher } from "../lib/batcher.ts";
import type { Announcement, Relay } from "./relay.ts";

/** Publications that wait for the write under way, and those of them that then go together. */
const limits = {
  waiting: 16_384,
  batchSize: 4096,
  refuse: () => new Error("Cannot publish: the relay does not keep up"),
};

/** What was published together, by shard. */
export type Gathered = ReadonlyMap<number, readonly Announcement[]>;

/** How long closing waits for what is under way, in milliseconds: the others can do without it. */
const graceMs = 1000;

/** A driver's way out. Disposing waits for what is under way, but not for long. */
export interface Publisher extends AsyncDisposable {
  readonly publish: Relay["publish"];
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Group commit for publications: those of all shards that come while a write is under way go together
 * with the next. When a write fails, all that it held are refused. The signal gives it up.
 */
export function gather(
  write: (all: Gathered, signal: AbortSignal) => Promise<void>,
): Publisher {
  type Publication = readonly [number, readonly Announcement[]];
  const underway = new Set<Promise<void>>();
  const closing = new AbortController();
  let isOver = false;

  const submit = createBatcher<Publication, void>(async (publications) => {
    const byShard = Map.groupBy(publications, ([shard]) => shard);
    await write(
      new Map([...byShard].map(([shard, each]) => [
        shard,
        each.flatMap(([, announcements]) => announcements),
      ])),
      closing.signal,
    );
    return publications.map(() => {});
  }, limits);

  return {
    async publish(shard, announcements) {
      if (isOver) throw new Error("Cannot publish to a relay that is closed");
      if (announcements.length === 0) return;
      const done = submit([shard, announcements]);
      underway.add(done);
      await done.finally(() => underway.delete(done));
    },
    async [Symbol.asyncDispose]() {
      isOver = true;
      const over = new Promise<void>((resolve) =>
        closing.signal.addEventListener("abort", () => resolve())
      );
      const timer = setTimeout(() => closing.abort(), graceMs);
      await Promise.race([Promise.allSettled(underway), over]);
      clearTimeout(timer);
    },
  };
}
