import type { Redis } from "@upstash/redis";
import type { Envelope } from "./envelope.ts";
import type { Announcement } from "./relay.ts";
import { batchField, streamOf } from "./upstash_keys.ts";
import { createLocate } from "./upstash_locate.ts";
import { type Entry, justBefore, pageSize, turnPage } from "./upstash_page.ts";
import { createSeen } from "./upstash_seen.ts";

/** Ids to remember: far more than pass between the two copies of what was sent twice. */
const seenIds = 10_000;

export interface ReaderParts {
  readonly redis: Redis;
  readonly envelope: Envelope;
  /** A read has failed after all went well: there may be news that nobody will ring for again. */
  onBehind(): void;
  onFailure(error: unknown): void;
}

/** Reads the streams of the shards that somebody here listens to, each from a cursor of its own. */
export interface Reader {
  /** Resolves once the cursor stands: whatever is appended from then on will be read. */
  enter(shard: number, listener: ShardListener): Promise<void>;
  leave(shard: number, listener: ShardListener): void;
  /** Nobody hears anything any more. */
  close(): void;
  /** How many shards somebody listens to. */
  readonly shards: number;
  /** Whether the last read has failed. */
  readonly isBehind: boolean;
  /** Reads those of the shards that somebody listens to, now or right after the read under way. */
  ring(shards: Iterable<number>): void;
  /** Reads all shards. Resolves with whether there was news; never rejects. */
  catchUp(): Promise<boolean>;
  /** The same, for next to nothing where there is no news: but it sees no gap in what is not there. */
  peek(): Promise<boolean>;
}

export interface ShardListener {
  on(batch: readonly Announcement[]): void;
  onGap(): void;
}

interface Shard {
  readonly number: number;
  readonly listeners: Set<ShardListener>;
  readonly located: Promise<void>;
  /** The entry read last; undefined until it is known where to begin. */
  cursor: string | undefined;
}
type LocatedShard = Shard & { cursor: string };

const isLocated = (shard: Shard): shard is LocatedShard =>
  shard.cursor !== undefined;

export function createReader(
  { redis, envelope, onBehind, onFailure }: ReaderParts,
): Reader {
  const shards = new Map<number, Shard>();
  const rung = new Set<number>();
  const locate = createLocate(redis);
  const wasSeen = createSeen(seenIds);
  let reading: Promise<void> | undefined;
  let freshEntries = 0;
  let isBehind = false;

  function createShard(number: number): Shard {
    const shard: Shard = {
      number,
      listeners: new Set(),
      cursor: undefined,
      located: locate(number).then((cursor) => {
        shard.cursor = cursor;
        // What was rung for meanwhile waits.
        ring([]);
      }, (error) => {
        // Whoever comes next tries again.
        if (shards.get(number) === shard) shards.delete(number);
        throw error;
      }),
    };
    shards.set(number, shard);
    return shard;
  }

  function ring(numbers: Iterable<number>): void {
    for (const number of numbers) if (shards.has(number)) rung.add(number);
    reading ??= readRung();
  }

  async function readRung(): Promise<void> {
    // Whoever rings in this turn is read in one go.
    await Promise.resolve();
    try {
      for (let due = takeDue(); due.length > 0; due = takeDue()) {
        await read(due);
        isBehind = false;
      }
    } catch (error) {
      // The cursors stand where they stood: the next look goes on from there.
      onFailure(error);
      if (!isBehind) onBehind();
      isBehind = true;
    } finally {
      reading = undefined;
    }
  }

  /** The shards rung for; those with no cursor yet stay rung for. */
  function takeDue(): LocatedShard[] {
    const due: LocatedShard[] = [];
    for (const number of rung) {
      const shard = shards.get(number);
      if (shard && !isLocated(shard)) continue;
      rung.delete(number);
      if (shard) due.push(shard);
    }
    return due;
  }

  async function read(due: readonly LocatedShard[]): Promise<void> {
    const answer = await ask(due, justBefore, pageSize);
    for (const shard of due) {
      // It was left while the answer was on its way, and maybe entered again.
      if (shards.get(shard.number) !== shard) continue;
      const { fresh, cursor, isGap, hasMore } = turnPage(
        shard.cursor,
        answer.get(streamOf(shard.number)) ?? [],
      );
      shard.cursor = cursor;
      if (hasMore) rung.add(shard.number);
      freshEntries += fresh.length;
      deliver(shard, fresh, isGap);
    }
  }

  async function ask(
    asked: readonly LocatedShard[],
    from: (cursor: string) => string,
    count: number,
  ): Promise<ReadonlyMap<string, readonly Entry[]>> {
    const answer = await redis.xread(
      asked.map(({ number }) => streamOf(number)),
      asked.map(({ cursor }) => from(cursor)),
      { count },
    ) as [key: string, entries: Entry[]][] | null;
    return new Map(answer);
  }

  function deliver(shard: Shard, entries: readonly Entry[], isGap: boolean) {
    const batch: Announcement[] = [];
    for (const entry of entries) {
      try {
        batch.push(...open(entry));
      } catch (error) {
        onFailure(error);
        isGap = true;
      }
    }
    const news = batch.filter(({ id }) => !wasSeen(id));
    for (const listener of [...shard.listeners]) {
      if (!shard.listeners.has(listener)) continue;
      try {
        if (isGap) listener.onGap();
        if (news.length > 0) listener.on(news);
      } catch (error) {
        onFailure(error);
      }
    }
  }

  function open([id, fields]: Entry): readonly Announcement[] {
    try {
      return envelope.open(fields[fields.indexOf(batchField) + 1]!);
    } catch (cause) {
      throw new Error(`Cannot open the entry ${id} of a stream`, { cause });
    }
  }

  return {
    async enter(number, listener) {
      const shard = shards.get(number) ?? createShard(number);
      shard.listeners.add(listener);
      await shard.located;
    },

    leave(number, listener) {
      const shard = shards.get(number);
      if (!shard?.listeners.delete(listener)) return;
      if (shard.listeners.size === 0) shards.delete(number);
    },

    close: () => shards.clear(),

    get shards() {
      return shards.size;
    },

    get isBehind() {
      return isBehind;
    },

    ring,

    async catchUp() {
      const before = freshEntries;
      ring(shards.keys());
      await reading;
      return freshEntries > before;
    },

    async peek() {
      if (reading) return false;
      const asked = [...shards.values()].filter(isLocated);
      if (asked.length === 0) return false;
      try {
        const cursors = asked.map(({ cursor }) => cursor);
        const answer = await ask(asked, (cursor) => cursor, 1);
        const ahead = asked.filter(({ number, cursor }, i) =>
          cursor === cursors[i] && answer.has(streamOf(number))
        );
        ring(ahead.map(({ number }) => number));
        return ahead.length > 0;
      } catch (error) {
        onFailure(error);
        return false;
      }
    },
  };
}
