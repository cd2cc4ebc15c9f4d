import { sql, type Statement, table } from "../db/sql.ts";
import type { ContactState } from "../protocol/contacts.ts";
import type { UserId } from "../protocol/ids.ts";
import type { PrivacyRule } from "../protocol/privacy.ts";

/** `leaseMs` and the like as Postgres adds them to a time. */
const milliseconds = (ms: number) => sql`${ms} * interval '1 millisecond'`;

// leases -----------------------------------------------------------------------------------------

/**
 * Holds an isolate's lease from now on. `beganAt` tells the lease of before, gone on without a break,
 * from a new one. `othersDied`: there are isolates to clear away, and this one may judge it, because
 * after an outage of the database every lease has run out, and each isolate has had a whole lease's
 * time to come back since.
 */
export const renewLease = (isolateId: string, leaseMs: number) =>
  sql<
    { beganAt: Date; othersDied: boolean }
  >`insert into isolates as mine (isolate_id, expires_at)
    values (${isolateId}::uuid, now() + ${milliseconds(leaseMs)})
    on conflict (isolate_id) do update set
      began_at = case when mine.expires_at > now() then mine.began_at else now() end,
      renewed_at = now(), expires_at = excluded.expires_at
    returning began_at, began_at < now() - ${milliseconds(leaseMs)} and exists (
      select from isolates other
      where other.isolate_id <> mine.isolate_id and other.expires_at <= now()
    ) as others_died`;

/** Keeps an isolate from being cleared away until the transaction is over. No row: it has been. */
export const holdLease = (isolateId: string) =>
  sql<{ isolateId: string }>`select isolate_id from isolates
    where isolate_id = ${isolateId}::uuid for key share`;

/** Ends a lease in so many milliseconds; with it goes whoever has not come back elsewhere by then. */
export const handOver = (isolateId: string, ms: number) =>
  sql`update isolates set expires_at = now() + ${milliseconds(ms)}
    where isolate_id = ${isolateId}::uuid and expires_at > now()`;

// comings and goings -----------------------------------------------------------------------------

/** Somebody who came or went. */
export interface Sighting {
  readonly userId: UserId;
  /** How many milliseconds ago. */
  readonly agoMs: number;
}

const writeLastSeen = (found: Statement<unknown>) =>
  sql`insert into last_seen (user_id, seen_at) ${found} order by user_id
    on conflict (user_id) do update set
      seen_at = greatest(last_seen.seen_at, excluded.seen_at),
      changed_xid = pg_current_xact_id()`;

/**
 * Writes when people were here, and keeps their comings and goings on other isolates waiting until
 * the transaction is over.
 */
export const sight = (sightings: readonly Sighting[]) =>
  writeLastSeen(
    sql`select user_id, now() - ago * interval '1 millisecond' from ${
      table(sightings, { userId: "uuid", agoMs: "double precision" })
    } as sighting (user_id, ago)`,
  );

/** Enters people as connected to an isolate, unless it has been cleared away. */
export const enter = (isolateId: string, userIds: readonly UserId[]) =>
  sql`insert into connections (user_id, isolate_id)
    select user_id, isolate_id from isolates cross join unnest(${userIds}::uuid[]) user_id
    where isolate_id = ${isolateId}::uuid
    on conflict do nothing`;

export const strike = (isolateId: string, userIds: readonly UserId[]) =>
  sql`delete from connections
    where isolate_id = ${isolateId}::uuid and user_id = any(${userIds}::uuid[])`;

const isConnectedElsewhere = (isIt: Statement<unknown>) =>
  sql`exists (
    select from connections there join isolates using (isolate_id)
    where there.user_id = turned.user_id and ${isIt} and expires_at > now()
  )`;

/** Those of the people who are on no other isolate: their coming or going is news. */
export const connectedNowhereElse = (
  isolateId: string,
  userIds: readonly UserId[],
) =>
  sql<
    { userId: UserId }
  >`select user_id from unnest(${userIds}::uuid[]) turned (user_id)
    where not ${isConnectedElsewhere(sql`isolate_id <> ${isolateId}::uuid`)}`;

// isolates that died -----------------------------------------------------------------------------
// All of it in one transaction, in which now() stands still: what has run out stays the same set.

const hasRunOut = sql`expires_at <= now()`;
const connectionsOfTheDead =
  sql`connections turned join isolates using (isolate_id) where ${hasRunOut}`;

/** Of two isolates that clear the same ones away, the second waits here and then finds nothing. */
export const lockTheDead = sql<
  { isolateId: string }
>`select isolate_id from isolates where ${hasRunOut} order by isolate_id for update`;

/** They were here when their isolate was last heard of. */
export const sightOfTheDead = writeLastSeen(
  sql`select user_id, max(renewed_at) from ${connectionsOfTheDead} group by user_id`,
);

/** The people who go with them. */
export const goneWithTheDead = sql<
  { userId: UserId }
>`select distinct user_id from ${connectionsOfTheDead}
    and not ${isConnectedElsewhere(sql`true`)}`;

export const clearTheDead = [
  sql`delete from connections using isolates
    where connections.isolate_id = isolates.isolate_id and ${hasRunOut}`,
  sql`delete from isolates where ${hasRunOut}`,
] as const;

// looks ------------------------------------------------------------------------------------------

export interface PresenceRow {
  readonly userId: UserId;
  readonly online: boolean;
  readonly seenAt: Date;
}

/**
 * How it is with people now; nothing of those who were never here. Of an isolate that has died but is
 * not cleared away yet, its last renewal is all that is known.
 */
export const presenceOf = (userIds: readonly UserId[]) =>
  sql<PresenceRow>`select user_id,
      coalesce(bool_or(expires_at > now()), false) as online,
      greatest(seen_at, max(renewed_at)) as seen_at
    from last_seen left join connections using (user_id) left join isolates using (isolate_id)
    where user_id = any(${userIds}::uuid[])
    group by user_id`;

/** One person, and another one who wants to see whether she is online. */
export interface Pair {
  readonly userId: UserId;
  readonly watcherId: UserId;
}

/** Two people who have something to do with each other, and what the one shows to whom. */
export interface Sight extends Pair {
  /** What each is to the other: `mine` is the watched person's to the watcher. */
  readonly mine: ContactState;
  readonly theirs: ContactState;
  readonly presenceRule: PrivacyRule | null;
  readonly lastSeenRule: PrivacyRule | null;
}

/**
 * The pairs that have something to do with each other: oneself, contacts, and people with whom one
 * shares a chat now. The limits are there for the planner, which would else take to joining
 * everybody's rows at once.
 */
export const sights = (pairs: readonly Pair[]) =>
  sql<Sight>`select pair.user_id, watcher_id,
      coalesce(mine.state, 'none') as mine, coalesce(theirs.state, 'none') as theirs,
      u.privacy -> 'presence' as presence_rule, u.privacy -> 'lastSeen' as last_seen_rule
    from ${
    table(pairs, { userId: "uuid", watcherId: "uuid" })
  } as pair (user_id, watcher_id)
    left join lateral (
      select privacy from users where users.user_id = pair.user_id limit 1
    ) u on true
    left join lateral (
      select state from contacts
      where user_id = watcher_id and peer_id = pair.user_id limit 1
    ) mine on true
    left join lateral (
      select state from contacts
      where user_id = pair.user_id and peer_id = watcher_id limit 1
    ) theirs on true
    left join lateral (
      select true as found from members mine
      join members theirs using (chat_id)
      join chats using (chat_id)
      where mine.user_id = watcher_id and theirs.user_id = pair.user_id
        and mine.left_at is null and theirs.left_at is null and deleted_at is null
        and kind <> 'channel'
      limit 1
    ) shared on true
    where pair.user_id = watcher_id or found or theirs.state = 'accepted'`;

/** Who may look different, and to whom; null: to everybody. */
export interface Turned {
  readonly userId: UserId;
  readonly watcherId: UserId | null;
}

/**
 * What any transaction from `from` on has turned: those who came or went, pairs who became something
 * else to each other, those who show other things to others, and those who may have left a chat. Of
 * the last, the day keeps out whoever left one long ago; the limit keeps the planner going by key.
 */
export const turnedSince = (from: string) =>
  sql<Turned>`select user_id, null::uuid as watcher_id from last_seen
      where changed_xid >= ${from}::xid8
    union all
    select pair.* from contacts, lateral (
      values (user_id, peer_id), (peer_id, user_id)
    ) pair where changed_xid >= ${from}::xid8
    union all
    select user_id, null from users where privacy_xid >= ${from}::xid8
    union all
    select scope_id, null from heads, lateral (
      select from members where user_id = scope_id and left_at > now() - interval '1 day' limit 1
    ) gone where changed_xid >= ${from}::xid8`;

// deleted accounts -------------------------------------------------------------------------------

export const eraseLastSeen = (userId: UserId) =>
  sql`delete from last_seen where user_id = ${userId}::uuid`;

/** After `eraseLastSeen`, whose lock covers it. */
export const eraseConnections = (userId: UserId) =>
  sql`delete from connections where user_id = ${userId}::uuid`;
