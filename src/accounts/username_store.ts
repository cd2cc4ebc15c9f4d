import type { Table } from "../changes/mod.ts";
import { sql, type Statement, table } from "../db/sql.ts";
import type { UserId } from "../protocol/ids.ts";
import type { UserKey } from "./store.ts";

/** Who has a username, and who may have it back. */
export interface UsernameRow {
  readonly name: string;
  /** null where nobody has it now. */
  readonly userId: UserId | null;
  /** Until then nobody may take it but `heldFor`; null where it was not given up. */
  readonly heldUntil: Date | null;
  /** null where nobody may have it back: the account was deleted. */
  readonly heldFor: UserId | null;
}

/**
 * Names with their owners and their holds. Both are read by one statement: between two, a name could
 * pass from the one to the other unseen. The owner stands in `users` and is written there.
 */
export const usernames: Table<Pick<UsernameRow, "name">, UsernameRow> = {
  name: "usernames",
  id: ({ name }) => name,
  load: (keys) =>
    sql<
      UsernameRow
    >`select k.name, u.user_id, h.held_until, h.user_id as held_for
      from unnest(${keys.map(({ name }) => name)}::text[]) k (name)
      left join users u on u.username = k.name
      left join held_usernames h on h.username = k.name`,
  save: (rows) => {
    const held = rows.filter(({ heldUntil }) => heldUntil !== null);
    const free = rows.filter(({ heldUntil }) => heldUntil === null);
    return [
      ...(held.length === 0 ? [] : [
        sql`insert into held_usernames (username, user_id, held_until)
          select * from ${
          table(held, {
            name: "text",
            heldFor: "uuid",
            heldUntil: "timestamptz",
          })
        } on conflict (username) do update set user_id = excluded.user_id,
            held_until = excluded.held_until`,
      ]),
      ...(free.length === 0 ? [] : [
        sql`delete from held_usernames
          where username = any(${free.map(({ name }) => name)}::text[])`,
      ]),
    ];
  },
};

export interface HeldName {
  readonly name: string;
  /** As on the wire. */
  readonly until: string;
}

/** The names held for one account, those that have run out included. */
export interface HeldNames extends UserKey {
  readonly held: readonly HeldName[];
}

/** Written through `usernames`. */
export const heldNames: Table<UserKey, HeldNames> = {
  name: "heldNames",
  id: ({ userId }) => userId,
  load: (keys) =>
    sql<HeldNames>`select user_id, jsonb_agg(jsonb_build_object(
        'name', username,
        'until', to_char(held_until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
      ) order by held_until) as held
      from held_usernames
      where user_id = any(${keys.map(({ userId }) => userId)}::uuid[])
      group by user_id`,
  save: () => [],
};

/** What is held for an account now, the next to run out first. */
export const heldFor = (
  userId: UserId,
  now: Date,
): Statement<{ username: string; heldUntil: Date }> =>
  sql<{ username: string; heldUntil: Date }>`select username, held_until
    from held_usernames
    where user_id = ${userId}::uuid and held_until > ${now}::timestamptz
    order by held_until`;

/** At once at most; the rest goes at the next sweep. */
const clearedAtOnce = 500;

/** Forgets names whose hold has run out. */
export const clearHolds = (now: Date): Statement<never> =>
  sql`delete from held_usernames where username in (
    select username from held_usernames where held_until <= ${now}::timestamptz
    order by held_until limit ${clearedAtOnce} for update skip locked)`;
