/**
 * Who is here. A person is online while any of her connections is active, on whatever isolate; of those
 * who watch her, her contacts and those who share a chat with her are told, as far as her privacy lets
 * them and neither has blocked the other. Whatever takes that away is heard of like a coming or going.
 *
 * 1. `roster.ts` counts the connections of this isolate. Only a person's first and last count, and the
 *    last one only when the grace time has passed.
 * 2. `ledger.ts` writes who is here to the database, in batches, under a lease that this isolate
 *    renews: once it runs out, nobody is here any more, and another isolate clears up.
 * 3. Once it is stored, the others are rung for everyone who is new or gone everywhere. The ring
 *    carries nothing but the name; the sweep finds the ones that got lost.
 * 4. `watch.ts`, on each isolate where she is watched, looks how it is, and tells those to whom that
 *    is news.
 *
 * @module
 */
import type { Announce, Ring, SweepSource } from "../changes/mod.ts";
import type { Database } from "../db/database.ts";
import { settlesWithin } from "../lib/settles_within.ts";
import type { Turns } from "../lib/turns.ts";
import type { Presence } from "../protocol/accounts.ts";
import type { UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import type { Announcement } from "../relay/relay.ts";
import { createLedger } from "./ledger.ts";
import { createRoster } from "./roster.ts";
import { createSee } from "./see.ts";
import { type Pair, type Turned, turnedSince } from "./store.ts";
import { createWatch, type Watcher, type WatchParts } from "./watch.ts";
export type { Watcher } from "./watch.ts";
export { erasePresence } from "./erase.ts";

export interface PresenceService extends AsyncDisposable {
  /** Counts an active connection in. */
  arrive(watcher: Watcher): void;
  /** Counts it out; the person goes offline after the grace time unless another one is active. */
  depart(watcher: Watcher): void;
  setActive(watcher: Watcher, active: boolean): void;
  /**
   * Watches these people from now on, instead of those before. Strangers look offline. When it
   * rejects, nobody is watched.
   */
  watch(watcher: Watcher, userIds: readonly UserId[]): Promise<Presence[]>;
  /** Rejects with `not_found` for somebody who is no contact and shares no chat with the caller. */
  read(by: UserId, userId: UserId): Promise<Presence>;
  /**
   * Takes the rings of this isolate and of others, and what tells that a person may be in a chat no
   * longer.
   */
  receive(announcements: readonly Announcement[]): void;
  /** The watcher is in a chat no longer, and may be out of sight of those in it. */
  lookAgain(watcher: Pick<Watcher, "userId">): void;
  /** What the sweep looks for, where rings got lost. */
  readonly swept: SweepSource<Turned>;
  /** Renews this isolate's lease now, as it does by itself. Rejects when it could not. */
  renew(): Promise<void>;
  /**
   * Counts nobody in or out any more, and leaves everyone to the other isolates. Resolves when that is
   * written, or when it takes too long: then the lease runs out by itself.
   */
  leave(): Promise<void>;
}

export interface PresenceParts
  extends Pick<WatchParts, "interest" | "turns" | "background"> {
  readonly db: Database;
  /** Where the lease is renewed; the same database. */
  readonly leaseDb: Database;
  readonly isolateId: string;
  readonly announce: Announce<Ring>;
  /** One person's looks at many others take turns. */
  readonly turns: Turns;
  /** Milliseconds that never run backwards. */
  now(): number;
  /** How long a person counts as online after her last connection went, in milliseconds. */
  readonly graceMs?: number;
  /** How long an isolate that is not heard of counts as alive, in milliseconds. */
  readonly leaseMs?: number;
  /** How often it is heard of: often enough for two renewals to fail. In milliseconds. */
  readonly renewMs?: number;
  /** How long a stop may take, in milliseconds. */
  readonly leaveMs?: number;
}

export function createPresence(parts: PresenceParts): PresenceService {
  const { db, leaseDb, isolateId, announce, now } = parts;
  const { interest, turns, background } = parts;
  const { graceMs = 5000, leaseMs = 15_000, renewMs = 5000 } = parts;
  const { leaveMs = 1000 } = parts;
  const see = createSee(db);
  const watch = createWatch({ see, interest, turns, background });
  const ledger = createLedger({
    db,
    leaseDb,
    isolateId,
    leaseMs,
    graceMs,
    now,
    people: () => roster.people(),
    onTurned: (userIds) => announce(userIds.map((presence) => ({ presence }))),
    background,
  });
  const roster = createRoster({
    graceMs,
    now,
    onCome: ledger.come,
    onGo: ledger.go,
  });

  let renewing: Promise<void> | undefined;
  let leaving: Promise<void> | undefined;

  async function renewOrLapse() {
    // An isolate without connections costs the database nothing.
    if (roster.size + watch.size + ledger.behind === 0) return ledger.lapse();
    await ledger.renew();
    watch.retry();
  }

  function renew(): Promise<void> {
    renewing ??= renewOrLapse().finally(() => renewing = undefined);
    return renewing;
  }

  const timer = setInterval(() => {
    if (!renewing) background("renew presence", renew());
  }, renewMs);

  async function handOver() {
    clearInterval(timer);
    const lastHere = roster.close();
    await renewing?.catch(() => {
      // Counted where it was begun; the lease is given up now.
    });
    await ledger.close(lastHere);
  }

  async function leave() {
    if (!leaving) {
      leaving = handOver();
      background("leave presence", leaving);
    }
    await settlesWithin(leaveMs, leaving);
  }

  return {
    arrive: roster.enter,
    depart(watcher) {
      watch.unwatch(watcher);
      roster.leave(watcher);
    },
    setActive: (watcher, active) =>
      active ? roster.enter(watcher) : roster.leave(watcher),
    watch: watch.watch,

    async read(by, userId) {
      const pair = { userId, watcherId: by };
      const presence = (await see([pair]))(pair);
      if (!presence) throw new Problem("not_found");
      return presence;
    },

    receive(announcements) {
      const everybody: UserId[] = [];
      const pairs: Pair[] = [];
      for (const each of announcements) {
        const userId = each.scopeId as UserId;
        if (each.towards) pairs.push({ userId, watcherId: each.towards });
        else if (each.audience === "presence" || mayHaveLeft(each)) {
          everybody.push(userId);
        }
      }
      watch.ring(everybody);
      watch.ringFor(pairs);
    },
    lookAgain: watch.lookAgain,
    swept: {
      statement: (from) => watch.size === 0 ? null : turnedSince(from),
      on(rows) {
        for (const { userId, watcherId } of rows) {
          if (watcherId === null) watch.ring([userId]);
          else watch.ringFor([{ userId, watcherId }]);
        }
      },
    },
    renew,
    leave,
    [Symbol.asyncDispose]: leave,
  };
}

/** Where the relay had no room for the event, it may have been that one. */
const mayHaveLeft = ({ audience, event }: Announcement) =>
  audience === "account" && (!event || event.type === "chat.deleted");
