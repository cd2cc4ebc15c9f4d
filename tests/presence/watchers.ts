import { createAnnounce } from "../../src/changes/mod.ts";
import type { Database } from "../../src/db/database.ts";
import { sql } from "../../src/db/sql.ts";
import { createInterest } from "../../src/gateway/mod.ts";
import {
  createPresence,
  type PresenceService,
  type Watcher,
} from "../../src/presence/mod.ts";
import type { EventOf } from "../../src/protocol/events.ts";
import type { UserId } from "../../src/protocol/ids.ts";
import { createLocalRelay } from "../../src/relay/local.ts";
import type { Relay } from "../../src/relay/relay.ts";

export type PresenceEvent = EventOf<"presence">;

/** A connection that keeps what it is sent. */
export interface TestWatcher extends Watcher {
  readonly heard: PresenceEvent[];
}

export const newUser = () => ({ userId: crypto.randomUUID() as UserId });

export function watcher({ userId }: { userId: UserId }): TestWatcher {
  const heard: PresenceEvent[] = [];
  return { userId, heard, send: (event) => heard.push(event) };
}

/** Longer than any test: what it is the time for happens when the test says so. */
export const never = 1_000_000_000;

/** The presence of one isolate, which a test can turn the clock of and wait for. */
export interface TestPresence extends PresenceService {
  readonly isolateId: string;
  readonly clock: { ms: number };
  readonly failures: unknown[];
  /** Whom it has rung for, in order. */
  readonly rings: UserId[];
  /** The shards that it is subscribed to. */
  readonly shards: number;
  /** Resolves once all that was begun is over. */
  settled(): Promise<void>;
  /** Resolves once something more was begun, and all is over. */
  nextWork(): Promise<void>;
}

export interface TestPresenceOptions {
  readonly graceMs?: number;
  readonly leaseMs?: number;
  readonly renewMs?: number;
  readonly leaveMs?: number;
  /** What carries the rings to other isolates; without one they hear nothing. */
  readonly relay?: Relay;
}

export function testPresence(
  db: Database,
  options: TestPresenceOptions = {},
): TestPresence {
  const { graceMs = never, leaseMs = 15_000, leaveMs = 60_000 } = options;
  const { renewMs = never, relay = createLocalRelay() } = options;
  const isolateId = crypto.randomUUID();
  const clock = { ms: 0 };
  const failures: unknown[] = [];
  const rings: UserId[] = [];
  let underway: Promise<void>[] = [];
  let onWork = () => {};
  const fail = (error: unknown) => void failures.push(error);
  const interest = createInterest({
    relay,
    on: (batch) =>
      presence.receive(batch.filter(({ origin }) => origin !== isolateId)),
    onGap: () => {},
    onFailure: fail,
  });
  const presence = createPresence({
    db,
    leaseDb: db,
    isolateId,
    interest,
    announce: createAnnounce({
      isolateId,
      relay,
      local(announcements) {
        rings.push(...announcements.map(({ scopeId }) => scopeId as UserId));
        presence.receive(announcements);
      },
      onRelayFailure: fail,
    }),
    turns: (_key, work) => work(),
    now: () => clock.ms,
    background(_what, work) {
      underway.push(work.then(() => {}, fail));
      onWork();
    },
    graceMs,
    leaseMs,
    renewMs,
    leaveMs,
  });
  async function settled() {
    while (underway.length > 0) {
      const all = underway;
      underway = [];
      await Promise.all(all);
    }
  }
  return {
    ...presence,
    isolateId,
    clock,
    failures,
    rings,
    get shards() {
      return interest.shards;
    },
    settled,
    async nextWork() {
      await new Promise<void>((resolve) => onWork = resolve);
      await settled();
    },
    async [Symbol.asyncDispose]() {
      await presence[Symbol.asyncDispose]();
      await settled();
      await interest[Symbol.asyncDispose]();
    },
  };
}

/** As if nobody had ever been here, on any isolate. */
export async function forgetEveryone(db: Database): Promise<void> {
  await db.run(
    sql`delete from last_seen`,
    sql`delete from connections`,
    sql`delete from isolates`,
  );
}

/** Lets everything that was written about people be so much older. */
export async function age(db: Database, ms: number): Promise<void> {
  await db.run(
    sql`update last_seen set seen_at = seen_at - ${ms} * interval '1 millisecond'`,
  );
}

/** Lets an isolate have renewed its lease so much earlier than it has. */
export async function ageLease(
  db: Database,
  { isolateId }: Pick<TestPresence, "isolateId">,
  ms: number,
): Promise<void> {
  const ago = sql`${ms} * interval '1 millisecond'`;
  await db.run(
    sql`update isolates set renewed_at = renewed_at - ${ago}, expires_at = expires_at - ${ago}
      where isolate_id = ${isolateId}::uuid`,
  );
}

/** Lets an isolate have held its lease for long, so that it may judge which others have died. */
export async function grow(
  db: Database,
  presence: TestPresence,
): Promise<void> {
  await db.run(
    sql`update isolates set began_at = began_at - interval '1 hour'
      where isolate_id = ${presence.isolateId}::uuid`,
  );
  await presence.renew();
}

/** The database's present time, in milliseconds since the epoch. */
export async function databaseNow(db: Database): Promise<number> {
  const [[row]] = await db.run(
    sql<{ now: Date }>`select clock_timestamp() as now`,
  );
  return row!.now.getTime();
}
