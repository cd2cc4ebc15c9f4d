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
  /** These may have come or gone, or be seen by others than before. */
  ring(userIds: Iterable<UserId>): void;
  /** The same, towards these watchers alone. */
  ringFor(pairs: Iterable<Pair>): void;
  /** All whom this connection watches may be seen by it otherwise than before. */
  lookAgain(watcher: Pick<Watcher, "userId">): void;
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
  const watches = new Map<Pick<Watcher, "userId">, Watched>();
  /** Whom to look after, and for whom; null: for everybody who watches. */
  const rung = new Map<UserId, Set<UserId> | null>();
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
      // A watch that fails may have been replaced or left meanwhile: it ends once.
      if (!subject.watches.delete(watched)) continue;
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
      if (subjects.has(userId)) rung.set(userId, null);
    }
    pump.start();
  }

  function ringFor(pairs: Iterable<Pair>) {
    for (const { userId, watcherId } of pairs) {
      if (!subjects.has(userId)) continue;
      const watchers = rung.get(userId);
      if (watchers) watchers.add(watcherId);
      else if (watchers === undefined) rung.set(userId, new Set([watcherId]));
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
      ring(asked.map(({ userId }) => userId));
      throw error;
    }
    const looked = new Set(pairs.map(pairKey));
    for (const subject of asked) {
      const { userId } = subject;
      for (const watched of subject.watches) {
        const watcherId = watched.watcher.userId;
        // Whoever began to watch meanwhile has looked too, or still will.
        if (!looked.has(pairKey({ userId, watcherId }))) continue;
        tellOne(watched, subject, startedAt, seen);
      }
    }
  }

  /** Some of those rung for, with those who watch them and are to be told. */
  function takeRung() {
    const asked: Subject[] = [];
    const pairs: Pair[] = [];
    for (const [userId, rungFor] of rung) {
      if (pairs.length >= pairsAtOnce) break;
      rung.delete(userId);
      const subject = subjects.get(userId);
      if (!subject) continue;
      asked.push(subject);
      const watcherIds = new Set(
        [...subject.watches].map(({ watcher }) => watcher.userId),
      );
      for (const watcherId of watcherIds) {
        if (rungFor?.has(watcherId) ?? true) pairs.push({ userId, watcherId });
      }
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
    const pair = { userId, watcherId: watcher.userId };
    if (answeredAt === undefined) missed.add(userId);
    // Its own look and this one crossed: nobody can say which is the newer one.
    else if (answeredAt > startedAt) ringFor([pair]);
    else {
      // Who is out of sight looks as everybody does who is not here.
      const presence = seen(pair) ?? hidden(userId);
      const isNews = !isSame(presence, told.get(subject) ?? hidden(userId));
      told.set(subject, presence);
      if (isNews) watcher.send({ type: "presence", ...presence });
    }
  }

  return {
    watch,
    unwatch,
    ring,
    ringFor,
    lookAgain(watcher) {
      const { userId: watcherId } = watcher;
      const subjects = watches.get(watcher)?.told.keys() ?? [];
      ringFor([...subjects].map(({ userId }) => ({ userId, watcherId })));
    },
    retry: pump.retry,
    get size() {
      return watches.size;
    },
  };
}

const isSame = (one: Presence, other: Presence) =>
  one.online === other.online && one.lastSeenAt === other.lastSeenAt;

const pairKey = ({ userId, watcherId }: Pair) => `${userId}/${watcherId}`;
