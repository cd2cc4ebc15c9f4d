import type { Turns } from "../lib/turns.ts";
import type { Presence } from "../protocol/accounts.ts";
import type { EventOf } from "../protocol/events.ts";
import type { UserId } from "../protocol/ids.ts";
import { createPump } from "./pump.ts";
import { hidden, type See, type Seen } from "./see.ts";
import type { Pair } from "./store.ts";

/** A connection, as presence sees it. */
export interface Watcher {
  readonly userId: UserId;
  send(event: EventOf<"presence">): void;
}

/**
 * Who watches whom on this isolate, and what each was told last.
 *
 * A ring says no more than that somebody may have come or gone. How it is with her is then read from
 * the database, and told where it is not what was told before, so that a ring which is late, repeated
 * or overtaken by another one does no harm.
 */
export interface Watch {
  /** Watches these people from now on, instead of those before. Strangers look offline. */
  watch(watcher: Watcher, userIds: readonly UserId[]): Promise<Presence[]>;
  unwatch(watcher: Watcher): void;
  /** These may have come or gone. */
  ring(userIds: Iterable<UserId>): void;
  /** Looks again after those whom a failed look was about. */
  retry(): void;
  /** How many watch somebody. */
  readonly size: number;
}

export interface WatchParts {
  readonly see: See;
  /** Whose rings must reach this isolate. */
  readonly interest: {
    take(fresh: readonly string[], userIds: readonly string[]): Promise<void>;
    drop(userId: string): void;
  };
  /** One person's looks at many others take turns. */
  readonly turns: Turns;
  background(what: string, work: Promise<unknown>): void;
}

/** Pairs of a person and a watcher looked up at once, about. */
const pairsAtOnce = 1000;

/** Somebody who is watched. */
interface Subject {
  readonly userId: UserId;
  readonly watches: Set<Watched>;
}

/** What one connection watches. */
interface Watched {
  readonly watcher: Watcher;
  /** What it was told; undefined where that was nothing, or what is said of strangers. */
  readonly told: Map<Subject, Presence | undefined>;
  /** When it was answered, among the looks; undefined before. */
  answeredAt: number | undefined;
  /** Who was rung for before that. */
  readonly missed: Set<UserId>;
}

export function createWatch(parts: WatchParts): Watch {
  const { see, interest, turns, background } = parts;
  const subjects = new Map<UserId, Subject>();
  const watches = new Map<Watcher, Watched>();
  const rung = new Set<UserId>();
  /** Counts looks and answers, to tell which came first. */
  let moment = 0;

  const pump = createPump({
    what: "tell presence",
    isWaiting: () => rung.size > 0,
    step: tell,
    background,
  });

  function begin(watcher: Watcher, userIds: readonly UserId[]) {
    const fresh: UserId[] = [];
    const watched: Watched = {
      watcher,
      told: new Map(),
      answeredAt: undefined,
      missed: new Set(),
    };
    for (const userId of userIds) {
      let subject = subjects.get(userId);
      if (!subject) {
        subject = { userId, watches: new Set() };
        subjects.set(userId, subject);
        fresh.push(userId);
      }
      subject.watches.add(watched);
      watched.told.set(subject, undefined);
    }
    const before = watches.get(watcher);
    watches.set(watcher, watched);
    const ready = interest.take(fresh, userIds);
    // Last, so that a shard in which both watch somebody is not let go in between.
    if (before) end(before);
    return { watched, ready };
  }

  function end(watched: Watched) {
    for (const subject of watched.told.keys()) {
      subject.watches.delete(watched);
      if (subject.watches.size > 0) continue;
      subjects.delete(subject.userId);
      interest.drop(subject.userId);
    }
    if (watches.get(watched.watcher) === watched) {
      watches.delete(watched.watcher);
    }
  }

  function unwatch(watcher: Watcher) {
    const watched = watches.get(watcher);
    if (watched) end(watched);
  }

  async function watch(watcher: Watcher, userIds: readonly UserId[]) {
    const { userId: watcherId } = watcher;
    const wanted = [...new Set(userIds)];
    if (wanted.length === 0) {
      unwatch(watcher);
      return [];
    }
    const pairs = wanted.map((userId) => ({ userId, watcherId }));
    const { watched, ready } = begin(watcher, wanted);
    try {
      // Before the look, so that no ring is lost between the two.
      await ready;
      const seen = await turns(watcherId, () => see(pairs));
      for (const subject of watched.told.keys()) {
        watched.told.set(subject, seen({ userId: subject.userId, watcherId }));
      }
      watched.answeredAt = ++moment;
      ring(watched.missed);
      return pairs.map((pair) => seen(pair) ?? hidden(pair.userId));
    } catch (error) {
      end(watched);
      throw error;
    }
  }

  function ring(userIds: Iterable<UserId>) {
    for (const userId of userIds) {
      if (subjects.has(userId)) rung.add(userId);
    }
    pump.start();
  }

  async function tell() {
    const { asked, pairs } = takeRung();
    if (pairs.length === 0) return;
    const startedAt = ++moment;
    let seen: Seen;
    try {
      seen = await see(pairs);
    } catch (error) {
      for (const { userId } of asked) rung.add(userId);
      throw error;
    }
    for (const subject of asked) {
      for (const watched of subject.watches) {
        tellOne(watched, subject, startedAt, seen);
      }
    }
  }

  /** Some of those rung for, with everyone who watches them. */
  function takeRung() {
    const asked: Subject[] = [];
    const pairs: Pair[] = [];
    for (const userId of rung) {
      if (pairs.length >= pairsAtOnce) break;
      rung.delete(userId);
      const subject = subjects.get(userId);
      if (!subject) continue;
      asked.push(subject);
      const watcherIds = new Set(
        [...subject.watches].map(({ watcher }) => watcher.userId),
      );
      for (const watcherId of watcherIds) pairs.push({ userId, watcherId });
    }
    return { asked, pairs };
  }

  function tellOne(
    { watcher, told, answeredAt, missed }: Watched,
    subject: Subject,
    startedAt: number,
    seen: Seen,
  ) {
    const { userId } = subject;
    if (answeredAt === undefined) missed.add(userId);
    // Its own look and this one crossed: nobody can say which is the newer one.
    else if (answeredAt > startedAt) rung.add(userId);
    else {
      const presence = seen({ userId, watcherId: watcher.userId });
      const isNews = presence && !isSame(presence, told.get(subject));
      told.set(subject, presence);
      if (isNews) watcher.send({ type: "presence", ...presence });
    }
  }

  return {
    watch,
    unwatch,
    ring,
    retry: pump.retry,
    get size() {
      return watches.size;
    },
  };
}

const isSame = (one: Presence, other: Presence | undefined) =>
  one.online === other?.online && one.lastSeenAt === other.lastSeenAt;
