import type { UserRow } from "../accounts/mod.ts";
import type { ScopeId, Table } from "../changes/mod.ts";
import { erasedAtOnce } from "../db/in_batches.ts";
import { sql, type Statement, table } from "../db/sql.ts";
import type { TimePlace } from "../db/time_cursor.ts";
import type { ContactList, ContactState } from "../protocol/contacts.ts";
import type { UserId } from "../protocol/ids.ts";
import type { PrivacyRule } from "../protocol/privacy.ts";
import type { Sides } from "./rules.ts";

/** One person, and another one who is something to her. */
export interface PairKey {
  readonly userId: UserId;
  readonly peerId: UserId;
}

/** What `peerId` is to `userId`. */
export interface ContactRow extends PairKey {
  readonly state: ContactState;
  readonly since: Date;
  /** The counter of `userId` when it last changed. */
  readonly accountRev: number;
}

const contactColumns = sql`user_id, peer_id, state, since, account_rev`;

export const contacts: Table<PairKey, ContactRow> = {
  name: "contacts",
  id: ({ userId, peerId }) => `${userId}/${peerId}`,
  load: (keys) =>
    sql<ContactRow>`select ${contactColumns} from contacts
      join ${
      table(keys, { userId: "uuid", peerId: "uuid" })
    } k (user_id, peer_id)
      using (user_id, peer_id)`,
  save: (rows) => [
    sql`insert into contacts (${contactColumns}) select * from ${
      table(rows, {
        userId: "uuid",
        peerId: "uuid",
        state: "text",
        since: "timestamptz",
        accountRev: "bigint",
      })
    } on conflict (user_id, peer_id) do update set state = excluded.state,
      since = excluded.since, account_rev = excluded.account_rev,
      changed_xid = excluded.changed_xid`,
  ],
};

/** How far a person has seen the requests that came in, and whether any came after. */
export interface ViewRow {
  readonly userId: UserId;
  readonly accountRev: number;
  readonly unseen: boolean;
}

export const contactViews: Table<Pick<ViewRow, "userId">, ViewRow> = {
  name: "contactViews",
  id: ({ userId }) => userId,
  load: (keys) =>
    sql<
      ViewRow
    >`select k.user_id, coalesce(v.account_rev, 0) as account_rev, exists (
        select from contacts c where c.user_id = k.user_id and c.state = 'incoming'
          and c.account_rev > coalesce(v.account_rev, 0)
      ) as unseen
      from unnest(${keys.map(({ userId }) => userId)}::uuid[]) k (user_id)
      left join contact_views v using (user_id)`,
  save: (rows) => [
    sql`insert into contact_views (user_id, account_rev)
      select user_id, account_rev from ${
      table(rows, { userId: "uuid", accountRev: "bigint" })
    } as view (user_id, account_rev) where account_rev > 0
      on conflict (user_id) do update set account_rev = excluded.account_rev`,
  ],
};

/** A contact with the other's profile, and how far its owner has seen the requests. */
export type ShownContact =
  & ContactRow
  & Omit<UserRow, "userId">
  & { readonly viewedRev: number };

const shown = sql`select c.user_id, c.peer_id, c.state, c.since, c.account_rev,
    u.username, u.display_name, u.public_about as about, coalesce(v.account_rev, 0) as viewed_rev
  from contacts c join users u on u.user_id = c.peer_id
  left join contact_views v on v.user_id = c.user_id`;

/** A page of one list, the newest first. */
export const contactPage = (
  userId: UserId,
  state: ContactList,
  after: TimePlace<UserId> | null,
  limit: number,
): Statement<ShownContact> =>
  sql<ShownContact>`${shown}
    where c.user_id = ${userId}::uuid and c.state = ${state} and c.state <> 'none' and ${
    after === null
      ? sql`true`
      : sql`(c.since, c.peer_id) < (${after.at}::timestamptz, ${after.id}::uuid)`
  } order by c.since desc, c.peer_id desc limit ${limit}`;

/** Contacts changed after `rev`, oldest change first; those that are over included. */
export const contactsSince = (
  userId: ScopeId,
  rev: number,
  limit: number,
): Statement<ShownContact & { rev: number }> =>
  sql<ShownContact & { rev: number }>`select shown.*, shown.account_rev as rev
    from (${shown}
      where c.user_id = ${userId}::uuid and c.account_rev > ${rev}
      order by c.account_rev limit ${limit}) shown
    order by rev`;

/** Where the account looked at its requests after `rev`. */
export const viewSince = (
  userId: ScopeId,
  rev: number,
  limit: number,
): Statement<{ rev: number }> =>
  sql<{ rev: number }>`select account_rev as rev from contact_views
    where user_id = ${userId}::uuid and account_rev > ${rev} limit ${limit}`;

/** All contacts of an account, by id, for its export. */
export const allContacts = (
  userId: UserId,
  after: UserId | null,
  limit: number,
): Statement<ShownContact> =>
  sql<ShownContact>`${shown}
    where c.user_id = ${userId}::uuid and c.state <> 'none' and ${
    after === null ? sql`true` : sql`c.peer_id > ${after}::uuid`
  } order by c.peer_id limit ${limit}`;

/** A person, what of the profile is not for everybody, and what two people are to each other. */
export interface SeenPerson extends Sides {
  readonly userId: UserId;
  readonly about: string;
  readonly aboutRule: PrivacyRule | null;
}

/** These people, as somebody may see them. */
export const seenBy = (
  viewerId: UserId,
  userIds: readonly UserId[],
): Statement<SeenPerson> =>
  sql<SeenPerson>`select u.user_id, u.about, u.privacy -> 'about' as about_rule,
      coalesce(mine.state, 'none') as mine, coalesce(theirs.state, 'none') as theirs
    from users u
    left join contacts mine on mine.user_id = ${viewerId}::uuid and mine.peer_id = u.user_id
    left join contacts theirs on theirs.user_id = u.user_id and theirs.peer_id = ${viewerId}::uuid
    where u.user_id = any(${userIds}::uuid[])`;

// deleted accounts -------------------------------------------------------------------------------

/** Some of those who are still something to a person, or the person to them. */
export const relatedTo = (
  userId: UserId,
  limit: number,
): Statement<{ peerId: UserId }> =>
  sql<{ peerId: UserId }>`select peer_id from contacts
      where user_id = ${userId}::uuid and state <> 'none'
    union
    select user_id from contacts
      where peer_id = ${userId}::uuid and state <> 'none'
    limit ${limit}`;

/** The person's own side, once it is all over. */
export const eraseContacts = (
  userId: UserId,
): Statement<{ erased: number }> =>
  sql<{ erased: number }>`with batch as (
      select peer_id from contacts where user_id = ${userId}::uuid
      limit ${erasedAtOnce}
    ), gone as (
      delete from contacts c using batch
      where c.user_id = ${userId}::uuid and c.peer_id = batch.peer_id
      returning 1
    )
    select count(*) as erased from gone`;

export const eraseView = (userId: UserId): Statement<never> =>
  sql`delete from contact_views where user_id = ${userId}::uuid`;
