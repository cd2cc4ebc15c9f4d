import type { Table } from "../changes/mod.ts";
import { sql, Statement, table } from "../db/sql.ts";
import type { ChatKind, Role, Visibility } from "../protocol/chats.ts";
import type {
  AdminRight,
  HistoryForNewcomers,
  Permissions,
} from "../protocol/groups.ts";
import { defaultPermissions } from "../protocol/groups.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";

export interface ChatRow {
  readonly chatId: ChatId;
  readonly kind: ChatKind;
  readonly title: string | null;
  readonly about: string;
  /** The people of a direct chat, in order: two, or one with herself; null for a group. Unique. */
  readonly directKey: string | null;
  readonly memberCount: number;
  readonly createdBy: UserId;
  readonly createdAt: Date;
  readonly deletedAt: Date | null;
  readonly rev: number;
  /** Of a channel. Unique; once given it stays. */
  readonly handle: string | null;
  /** null unless it is a channel. */
  readonly visibility: Visibility | null;
  readonly signatures: boolean;
  readonly comments: boolean;
  /** How a group is run; the other kinds have `usualSettings`. */
  readonly permissions: Permissions;
  readonly slowModeSeconds: number;
  readonly historyForNewcomers: HistoryForNewcomers;
}

/** How a group is run until somebody changes it. */
export const usualSettings = {
  permissions: defaultPermissions,
  slowModeSeconds: 0,
  historyForNewcomers: "all",
} as const;

/** What no other chat than a channel has. */
export const noChannel = {
  handle: null,
  visibility: null,
  signatures: false,
  comments: false,
} as const;

const chatColumns =
  sql`chat_id, kind, title, about, direct_key, member_count, created_by, created_at,
  deleted_at, rev, handle, visibility, signatures, comments, permissions,
  slow_mode_seconds, history_for_newcomers`;

export const chats: Table<Pick<ChatRow, "chatId">, ChatRow> = {
  name: "chats",
  id: ({ chatId }) => chatId,
  load: (keys) =>
    sql<ChatRow>`select ${chatColumns} from chats
      where chat_id = any(${keys.map(({ chatId }) => chatId)}::uuid[])`,
  save: (rows) => {
    const deleted = rows.filter(({ deletedAt }) => deletedAt !== null);
    const written = rows.map((row) => ({
      ...row,
      permissions: JSON.stringify(row.permissions),
    }));
    return [
      sql`insert into chats (${chatColumns}) select * from ${
        table(written, {
          chatId: "uuid",
          kind: "text",
          title: "text",
          about: "text",
          directKey: "text",
          memberCount: "integer",
          createdBy: "uuid",
          createdAt: "timestamptz",
          deletedAt: "timestamptz",
          rev: "bigint",
          handle: "text",
          visibility: "text",
          signatures: "boolean",
          comments: "boolean",
          permissions: "jsonb",
          slowModeSeconds: "integer",
          historyForNewcomers: "text",
        })
      } on conflict (chat_id) do update set title = excluded.title, about = excluded.about,
        handle = excluded.handle, visibility = excluded.visibility,
        signatures = excluded.signatures, comments = excluded.comments, rev = excluded.rev,
        permissions = excluded.permissions, slow_mode_seconds = excluded.slow_mode_seconds,
        history_for_newcomers = excluded.history_for_newcomers,
        direct_key = excluded.direct_key, member_count = excluded.member_count,
        deleted_at = excluded.deleted_at`,
      // Without its keys nobody can open what a deleted chat leaves behind; nobody comes in any more.
      ...(deleted.length === 0 ? [] : [
        ...["chat_keys", "invites", "join_requests", "bans"].map((name) =>
          sql`delete from ${new Statement(name)}
            where chat_id = any(${deleted.map(({ chatId }) => chatId)}::uuid[])`
        ),
      ]),
    ];
  },
};

/**
 * Whether the chat of a row `n` is still there. What is written for a chat that ended in the same batch
 * may be written after `chats` has taken away what goes with it.
 */
export const hasNotEnded = sql`not exists (select from chats
  where chats.chat_id = n.chat_id and chats.deleted_at is not null)`;

export interface MemberRow {
  readonly chatId: ChatId;
  readonly userId: UserId;
  readonly role: Role;
  readonly joinedAt: Date;
  readonly joinedSeq: number;
  readonly leftAt: Date | null;
  /** The chat's counter at the last change that took one; 0 where none has. */
  readonly rev: number;
  /** The account's counter when the person last joined or left; in a channel, or got another role. */
  readonly accountRev: number;
  /** What an admin was granted; null for the usual rights, and for those who are none. */
  readonly rights: readonly AdminRight[] | null;
  /** Up to this `seq` the chat is hidden from the person. */
  readonly historyFrom: number;
  /** When the person last wrote in slow mode. */
  readonly lastSentAt: Date | null;
}

export type MemberKey = Pick<MemberRow, "chatId" | "userId">;

const memberColumns =
  sql`chat_id, user_id, role, joined_at, joined_seq, left_at, rev, account_rev, rights,
  history_from, last_sent_at`;

export const members: Table<MemberKey, MemberRow> = {
  name: "members",
  id: ({ chatId, userId }) => `${chatId}/${userId}`,
  load: (keys) =>
    sql<MemberRow>`select ${memberColumns} from members
      join ${
      table(keys, { chatId: "uuid", userId: "uuid" })
    } k (chat_id, user_id)
      using (chat_id, user_id)`,
  save: (rows) => [
    sql`insert into members (${memberColumns}) select * from ${
      table(rows.map(writtenMember), {
        chatId: "uuid",
        userId: "uuid",
        role: "text",
        joinedAt: "timestamptz",
        joinedSeq: "bigint",
        leftAt: "timestamptz",
        rev: "bigint",
        accountRev: "bigint",
        rights: "jsonb",
        historyFrom: "bigint",
        lastSentAt: "timestamptz",
      })
    } on conflict (chat_id, user_id) do update set role = excluded.role,
      rights = excluded.rights, history_from = excluded.history_from,
      last_sent_at = excluded.last_sent_at,
      joined_at = excluded.joined_at, joined_seq = excluded.joined_seq,
      left_at = excluded.left_at, rev = excluded.rev, account_rev = excluded.account_rev`,
  ],
};

const writtenMember = (row: MemberRow) => ({
  ...row,
  rights: row.rights && JSON.stringify(row.rights),
});

/** A page of the chats that a person is in, by id. */
export const chatsOf = (
  userId: UserId,
  after: ChatId | null,
  limit: number,
): Statement<Pick<ChatRow, "chatId">> =>
  sql<Pick<ChatRow, "chatId">>`select chat_id from members
    join chats using (chat_id)
    where user_id = ${userId}::uuid and left_at is null and deleted_at is null
      and ${after === null ? sql`true` : sql`chat_id > ${after}::uuid`}
    order by chat_id limit ${limit}`;

/** Somebody who may inherit, and whether the account has to be locked for that. */
export interface Heir {
  readonly userId: UserId;
  readonly isLocked: boolean;
}

/** How many heirs are looked at: some may leave at the same moment as the owner. */
const heirsInLine = 16;

/**
 * Who comes after the owner: those in charge, then the others, the longest-standing first. The owner is
 * among them, since she may have handed the group over by the time that the next one leaves.
 *
 * In a channel a new role is counted by the account, which has to be locked for it: so there only who
 * is leaving as its owner has heirs.
 */
export const heirsOf = (chatId: ChatId, leaver: UserId): Statement<Heir> =>
  sql<Heir>`select distinct user_id, kind = 'channel' as is_locked from (
      (select user_id from members
        where chat_id = ${chatId}::uuid and left_at is null and role in ('owner', 'admin')
        order by joined_at, user_id limit ${heirsInLine})
      union all
      (select user_id from members
        where chat_id = ${chatId}::uuid and left_at is null
        order by joined_at, user_id limit ${heirsInLine})
    ) in_line join chats on chats.chat_id = ${chatId}::uuid
    where kind <> 'channel' or exists (select from members
      where chat_id = ${chatId}::uuid and user_id = ${leaver}::uuid
        and role = 'owner' and left_at is null)`;

export interface ChatKeyRow {
  readonly chatId: ChatId;
  readonly keyVersion: number;
  readonly masterKeyId: string;
  readonly wrapped: Uint8Array;
}

const keyColumns = sql`chat_id, key_version, master_key_id, wrapped`;

/** Data keys are made with their chat; only `deno task keys` changes them later. */
export const chatKeys: Table<
  Pick<ChatKeyRow, "chatId" | "keyVersion">,
  ChatKeyRow
> = {
  name: "chatKeys",
  id: ({ chatId, keyVersion }) => `${chatId}/${keyVersion}`,
  load: (keys) => keysOf(keys.map(({ chatId }) => chatId)),
  save: (rows) => [
    sql`insert into chat_keys (${keyColumns}) select n.* from ${
      table(rows, {
        chatId: "uuid",
        keyVersion: "integer",
        masterKeyId: "text",
        wrapped: "bytea",
      })
    } n (${keyColumns}) where ${hasNotEnded}`,
  ],
};

/** Every data key of the chats, the oldest version first. */
export const keysOf = (chatIds: readonly ChatId[]): Statement<ChatKeyRow> =>
  sql<
    ChatKeyRow
  >`select ${keyColumns} from chat_keys
    where chat_id = any(${chatIds}::uuid[]) order by chat_id, key_version`;

/** The caller's present membership; no row where the chat is none of the caller's business. */
export const activeMembership = (
  chatId: ChatId,
  userId: UserId,
): Statement<MemberRow> =>
  sql<MemberRow>`select ${memberColumns} from members
    where chat_id = ${chatId}::uuid and user_id = ${userId}::uuid and left_at is null
      and exists (select from chats
        where chats.chat_id = members.chat_id and chats.deleted_at is null)`;

export type ProfiledMemberRow = MemberRow & {
  readonly username: string | null;
  readonly displayName: string;
  readonly about: string;
};

/** Memberships with the person's profile, to be narrowed. */
export const profiledMembers =
  sql`select chat_id, user_id, role, joined_at, joined_seq, left_at, rev,
    members.account_rev, rights, history_from, last_sent_at, username, display_name,
    public_about as about
  from members join users using (user_id)`;

/**
 * Memberships changed after `rev`, those of people who left included; but to whom the history of
 * before her coming is hidden, not of those who were gone by then.
 */
export const membersSince = (
  chatId: ChatId,
  viewerId: UserId,
  rev: number,
  limit: number,
): Statement<ProfiledMemberRow> =>
  sql<ProfiledMemberRow>`${profiledMembers}
    where chat_id = ${chatId}::uuid and rev > ${rev}
      and (left_at is null or left_at >= coalesce((
        select own.joined_at from members own
        where own.chat_id = ${chatId}::uuid and own.user_id = ${viewerId}::uuid
          and own.history_from > 0
      ), '-infinity'))
    order by rev limit ${limit}`;

/** One's own membership of a channel, of whose members a subscriber sees no other; else no row. */
export const ownInChannel = (
  chatId: ChatId,
  userId: UserId,
): Statement<ProfiledMemberRow> =>
  sql<ProfiledMemberRow>`${profiledMembers}
    where chat_id = ${chatId}::uuid and user_id = ${userId}::uuid
      and (select kind from chats where chat_id = ${chatId}::uuid) = 'channel'`;

/** The chat itself where it changed after `rev`. */
export const chatSince = (chatId: ChatId, rev: number): Statement<ChatRow> =>
  sql<
    ChatRow
  >`select ${chatColumns} from chats where chat_id = ${chatId}::uuid and rev > ${rev}`;
