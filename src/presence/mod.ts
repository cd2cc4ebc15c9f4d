/**
 * Who is here. A person is online while any of her connections is active; those who watch her and
 * share a chat with her are told. Kept in this isolate's memory; only last-seen is stored.
 *
 * @module
 */
import type { Database } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import type { Turns } from "../lib/turns.ts";
import type { Presence } from "../protocol/accounts.ts";
import type { EventOf } from "../protocol/events.ts";
import type { UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { companions, lastSeen, writeLastSeen } from "./store.ts";

export { erasePresence } from "./erase.ts";

/** A connection, as presence sees it. */
export interface Watcher {
  readonly userId: UserId;
  send(event: EventOf<"presence">): void;
}

export interface PresenceService extends AsyncDisposable {
  /** Counts an active connection in. */
  arrive(watcher: Watcher): void;
  /** Counts it out; the person goes offline after the grace time unless another one is active. */
  depart(watcher: Watcher): void;
  setActive(watcher: Watcher, active: boolean): void;
  /** Watches these people from now on, instead of those before. Strangers look offline. */
  watch(watcher: Watcher, userIds: readonly UserId[]): Promise<Presence[]>;
  /** Rejects with `not_found` for somebody the caller shares no chat with. */
  read(by: UserId, userId: UserId): Promise<Presence>;
}

export interface PresenceParts {
  readonly db: Database;
  readonly clock: Clock;
  /** One person's looks at many others take turns. */
  readonly turns: Turns;
  /** Takes work that nobody waits for; its failure is counted and logged. */
  background(what: string, work: Promise<unknown>): void;
  /** How long a person counts as online after her last connection went, in milliseconds. */
  readonly graceMs?: number;
}

interface Person {
  readonly active: Set<Watcher>;
  /** Runs while the last connection is gone and offline is not yet announced. */
  grace: ReturnType<typeof setTimeout> | undefined;
  seenAt: number;
}

export function createPresence(parts: PresenceParts): PresenceService {
  const { db, clock, turns, background, graceMs = 5000 } = parts;
  const people = new Map<UserId, Person>();
  const watching = new Map<Watcher, readonly UserId[]>();
  const watchersOf = new Map<UserId, Set<Watcher>>();

  function arrive(watcher: Watcher) {
    const { userId } = watcher;
    const person: Person = people.get(userId) ??
      { active: new Set(), grace: undefined, seenAt: clock() };
    const wasOnline = people.has(userId);
    people.set(userId, person);
    clearTimeout(person.grace);
    person.grace = undefined;
    person.active.add(watcher);
    if (!wasOnline) background("tell presence", tell(userId, true, null));
  }

  function rest(watcher: Watcher) {
    const person = people.get(watcher.userId);
    if (!person?.active.delete(watcher) || person.active.size > 0) return;
    person.seenAt = clock();
    person.grace = setTimeout(() => goOffline(watcher.userId, person), graceMs);
  }

  function goOffline(userId: UserId, person: Person) {
    people.delete(userId);
    const seenAt = new Date(person.seenAt);
    background(
      "tell presence",
      db.run(writeLastSeen([{ userId, seenAt }])).then(() =>
        tell(userId, false, seenAt)
      ),
    );
  }

  /** Asks anew who may see it: a shared chat may have been left since the watch began. */
  async function tell(userId: UserId, online: boolean, seenAt: Date | null) {
    const watchers = [...watchersOf.get(userId) ?? []];
    if (watchers.length === 0) return;
    const [rows] = await db.run(
      companions(userId, watchers.map((watcher) => watcher.userId)),
    );
    const allowed = new Set(rows.map((row) => row.userId));
    // The truth may have turned while the database was asked.
    if (people.has(userId) !== online) return;
    const event = {
      type: "presence",
      userId,
      online,
      lastSeenAt: seenAt?.toISOString() ?? null,
    } as const;
    for (const watcher of watchers) {
      if (allowed.has(watcher.userId)) watcher.send(event);
    }
  }

  function unwatch(watcher: Watcher) {
    for (const userId of watching.get(watcher) ?? []) {
      const watchers = watchersOf.get(userId);
      watchers?.delete(watcher);
      if (watchers?.size === 0) watchersOf.delete(userId);
    }
    watching.delete(watcher);
  }

  async function look(
    by: UserId,
    userIds: readonly UserId[],
  ): Promise<Map<UserId, Presence>> {
    const others = userIds.filter((userId) => userId !== by);
    const [allowed, seen] = await db.run(
      companions(by, others),
      lastSeen(userIds),
    );
    const visible = [...allowed.map((row) => row.userId), by];
    const seenAt = new Map(
      seen.map((row) => [row.userId, row.seenAt.toISOString()]),
    );
    return new Map(visible.map((userId) => {
      const online = people.has(userId);
      const lastSeenAt = online ? null : seenAt.get(userId) ?? null;
      return [userId, { userId, online, lastSeenAt }];
    }));
  }

  return {
    arrive,
    depart(watcher) {
      unwatch(watcher);
      rest(watcher);
    },
    setActive: (watcher, active) => active ? arrive(watcher) : rest(watcher),

    async watch(watcher, userIds) {
      unwatch(watcher);
      const wanted = [...new Set(userIds)];
      watching.set(watcher, wanted);
      for (const userId of wanted) {
        const watchers = watchersOf.get(userId) ?? new Set();
        watchersOf.set(userId, watchers.add(watcher));
      }
      const { userId: by } = watcher;
      const found = await turns(by, () => look(by, wanted));
      return wanted.map((userId) =>
        found.get(userId) ?? { userId, online: false, lastSeenAt: null }
      );
    },

    async read(by, userId) {
      const presence = (await look(by, [userId])).get(userId);
      if (!presence) throw new Problem("not_found");
      return presence;
    },

    async [Symbol.asyncDispose]() {
      const now = new Date(clock());
      const rows = [...people].map(([userId, person]) => {
        clearTimeout(person.grace);
        return {
          userId,
          seenAt: person.active.size > 0 ? now : new Date(person.seenAt),
        };
      });
      people.clear();
      if (rows.length > 0) await db.run(writeLastSeen(rows));
    },
  };
}
