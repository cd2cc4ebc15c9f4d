import { unseenFrom } from "../changes/mod.ts";
import { sql, type Statement, table } from "../db/sql.ts";
import { type DraftRow, preferencesJson } from "../preferences/mod.ts";
import type { TimePlace } from "../db/time_cursor.ts";
import type { User } from "../protocol/accounts.ts";
import type { ChatKind, Role, Visibility } from "../protocol/chats.ts";
import type {
  AdminRight,
  HistoryForNewcomers,
  Permissions,
} from "../protocol/groups.ts";
import type { ChatId, DeviceId, MessageId, UserId } from "../protocol/ids.ts";
import type { ChatPreferences } from "../protocol/preferences.ts";

/** What the database's present moment is called: its history, and from where on it may have been missed. */
export interface MomentRow {
  readonly epoch: string;
  readonly oldest: string;
  readonly accountRev: number;
}

export const moment = (userId: UserId) =>
  sql<
    MomentRow
  >`select epoch(), ${unseenFrom} as oldest,
    rev as account_rev from heads where scope_id = ${userId}::uuid`;

/** The same for several accounts, whose counters `accountRevs` has. */
export const sharedMoment = sql<
  Omit<MomentRow, "accountRev">
>`select epoch(), ${unseenFrom} as oldest`;

export const accountRevs = (userIds: readonly UserId[]) =>
  sql<
    { userId: UserId; accountRev: number }
  >`select scope_id as user_id, rev as account_rev from heads
    where scope_id = any(${userIds}::uuid[])`;

/** Whose heads are wanted, and what is news to that person. */
export interface HeadsWish extends Pick<MomentRow, "oldest" | "accountRev"> {
  readonly userId: UserId;
}

/** The counters of a chat as one person has them. */
export interface HeadRow {
  /** Which wish it answers, counted from 1. */
  readonly nth: number;
  readonly chatId: ChatId;
  readonly role: Role;
  readonly rev: number;
  readonly lastSeq: number;
  readonly readSeq: number;
  readonly deliveredSeq: number;
  readonly historyFrom: number;
  readonly preferences: ChatPreferences | null;
  /** Whether the person left or lost the chat, or it was deleted. */
  readonly gone: boolean;
  /** Whether it is news. */
  readonly touched: boolean;
}

/**
 * Every present chat of each person, and those gone that are news. Touched are those that any
 * transaction from `oldest` on has written, and those that came, in which the person became another, or
 * for which she has set something, after an account's `rev`, which the chat itself may not count. Of
 * those left only the leaving is news: what goes on in them is no business of the person any more.
 *
 * `offset 0` has each person, and each chat, looked up by key. Planned as one join, a few hundred people
 * among many thousands, or the thousand chats of one, would be found by reading whole tables.
 */
export const headsOf = (wishes: readonly HeadsWish[]) =>
  sql<HeadRow>`select wish.nth::integer, head.* from ${
    table(wishes, { userId: "uuid", oldest: "xid8", accountRev: "bigint" })
  } with ordinality as wish (user_id, oldest, account_rev, nth)
    cross join lateral (
      select m.chat_id, m.role, h.rev, h.last_seq, m.history_from,
        greatest(m.joined_seq, coalesce(r.read_seq, 0)) as read_seq,
        greatest(m.joined_seq, coalesce(r.delivered_seq, 0)) as delivered_seq,
        ${preferencesJson} as preferences,
        m.left_at is not null or c.deleted_at is not null as gone,
        m.account_rev > wish.account_rev or case
          when m.left_at is not null then false
          else h.changed_xid >= wish.oldest
            or coalesce(r.changed_xid >= wish.oldest, false)
            or coalesce(p.account_rev > wish.account_rev, false)
        end as touched
      from members m
      cross join lateral (select deleted_at from chats
        where chat_id = m.chat_id offset 0) c
      cross join lateral (select rev, last_seq, changed_xid from heads
        where scope_id = m.chat_id offset 0) h
      left join lateral (select read_seq, delivered_seq, changed_xid from receipts
        where chat_id = m.chat_id and user_id = m.user_id offset 0) r on true
      left join chat_preferences p on p.user_id = m.user_id and p.chat_id = m.chat_id
      where m.user_id = wish.user_id
      offset 0
    ) head
    where head.touched or not head.gone`;

/** The present chats of several people, each row with the place of its person in the list, from 1. */
export const presentChatIds = (userIds: readonly UserId[]) =>
  sql<
    { nth: number; chatId: ChatId }
  >`select wish.nth::integer, chat.chat_id
    from unnest(${userIds}::uuid[]) with ordinality as wish (user_id, nth)
    cross join lateral (
      select chat_id from members join chats using (chat_id)
      where user_id = wish.user_id and left_at is null and deleted_at is null
      offset 0
    ) chat`;

/** A place in the chat list. */
export interface ListPlace extends TimePlace<ChatId> {
  readonly pinned: boolean;
}

export interface ChatItemRow extends DraftRow {
  readonly preferences: ChatPreferences | null;
  readonly kind: ChatKind;
  readonly title: string | null;
  readonly about: string;
  readonly handle: string | null;
  readonly visibility: Visibility | null;
  readonly signatures: boolean;
  readonly comments: boolean;
  readonly createdBy: UserId;
  readonly createdAt: Date;
  readonly memberCount: number;
  readonly permissions: Permissions;
  readonly slowModeSeconds: number;
  readonly historyForNewcomers: HistoryForNewcomers;
  readonly role: Role;
  readonly rights: readonly AdminRight[] | null;
  readonly rev: number;
  readonly lastSeq: number;
  readonly readSeq: number;
  readonly deliveredSeq: number;
  readonly peer: User | null;
  readonly activeAt: Date;
  readonly pinned: boolean;
}

/** A present chat of a person, as its list shows it. */
const item = (userId: UserId, chatId: ChatId | Statement<unknown>) =>
  sql<
    ChatItemRow
  >`select m.chat_id, c.kind, c.title, c.about, c.handle, c.visibility, c.signatures,
      c.comments, c.permissions, c.slow_mode_seconds, c.history_for_newcomers,
      c.created_by, c.created_at, c.member_count, m.role, m.rights,
      h.rev, h.last_seq, h.active_at,
      greatest(m.joined_seq, coalesce(r.read_seq, 0)) as read_seq,
      greatest(m.joined_seq, coalesce(r.delivered_seq, 0)) as delivered_seq,
      case when c.kind = 'direct' then (
        select json_build_object('userId', u.user_id, 'username', u.username,
          'displayName', u.display_name, 'about', u.public_about)
        from members other join users u using (user_id)
        where other.chat_id = m.chat_id and other.user_id <> m.user_id
      ) end as peer,
      coalesce(p.pinned, false) as pinned,
      ${preferencesJson} as preferences, m.user_id, p.draft_key_version, p.draft_sealed
    from members m
    join chats c using (chat_id)
    join heads h on h.scope_id = m.chat_id
    left join receipts r on r.chat_id = m.chat_id and r.user_id = m.user_id
    left join chat_preferences p on p.user_id = m.user_id and p.chat_id = m.chat_id
    where m.chat_id = ${chatId}::uuid and m.user_id = ${userId}::uuid
      and m.left_at is null and c.deleted_at is null`;

const listOrder = sql`pinned desc, active_at desc, chat_id desc`;

/**
 * A page of places in a list: the pinned ones first, then the latest activity.
 *
 * Where each chat stands is known by its head alone, and no index has the chats of a person in that
 * order: it would have to be written for every member with every message. So all heads are looked at,
 * by key and for nothing but their time; everything else is read for those of the page.
 */
export const chatPlaces = (
  userId: UserId,
  archived: boolean,
  after: ListPlace | null,
  limit: number,
) =>
  sql<{ chatId: ChatId }>`select place.* from (
      select * from (
        select m.chat_id, h.active_at, coalesce(p.pinned, false) as pinned
        from members m
        cross join lateral (select active_at from heads
          where scope_id = m.chat_id offset 0) h
        left join chat_preferences p on p.user_id = m.user_id and p.chat_id = m.chat_id
        where m.user_id = ${userId}::uuid and m.left_at is null
          and coalesce(p.archived, false) = ${archived}
      ) place where ${
    after === null ? sql`true` : sql`(pinned, active_at, chat_id) <
        (${after.pinned}, ${after.at}::timestamptz, ${after.id}::uuid)`
  } order by ${listOrder} offset 0
    ) place cross join lateral (select from chats
      where chat_id = place.chat_id and deleted_at is null offset 0) present
    order by ${listOrder} limit ${limit}`;

/** The chats of a page of places, in the order of the list. */
export const chatItems = (
  places: Statement<{ readonly chatId: ChatId }>,
  userId: UserId,
) =>
  sql<ChatItemRow>`select item.* from (${places}) place
    cross join lateral (${item(userId, sql`place.chat_id`)} offset 0) item
    order by item.pinned desc, item.active_at desc, item.chat_id desc`;

export const chatItem = (userId: UserId, chatId: ChatId) =>
  item(userId, chatId);

export interface HiddenRow {
  readonly rev: number;
  readonly chatId: ChatId;
  readonly seq: number;
  readonly messageId: MessageId;
}

export const hiddenSince = (userId: UserId, rev: number, limit: number) =>
  sql<
    HiddenRow
  >`select account_rev as rev, chat_id, seq, message_id from hidden_messages
    where user_id = ${userId}::uuid and account_rev > ${rev} order by account_rev limit ${limit}`;

export interface LeaverRow {
  readonly userId: UserId;
}

/** What the hub must know of a chat that moved on without it: how far it is, whether it ended. */
export const chatHead = (chatId: ChatId) =>
  sql<
    { rev: number; deleted: boolean }
  >`select h.rev, c.deleted_at is not null as deleted
    from heads h join chats c on c.chat_id = h.scope_id where scope_id = ${chatId}::uuid`;

export const leaversSince = (chatId: ChatId, rev: number) =>
  sql<LeaverRow>`select user_id from members
    where chat_id = ${chatId}::uuid and rev > ${rev} and left_at is not null`;

/** Memberships that came or went after an account's `rev`, and where their chats stand. */
export const membershipsSince = (userId: UserId, accountRev: number) =>
  sql<
    { chatId: ChatId; rev: number; hiddenUpTo: number; present: boolean }
  >`select chat_id, heads.rev, history_from as hidden_up_to, left_at is null and deleted_at is null as present
    from members join chats using (chat_id) join heads on scope_id = chat_id
    where user_id = ${userId}::uuid and account_rev > ${accountRev}`;

export const revokedSince = (userId: UserId, accountRev: number) =>
  sql<{ deviceId: DeviceId }>`select device_id from devices
    where user_id = ${userId}::uuid and account_rev > ${accountRev} and revoked_at is not null`;

/** What of an account the hub must know. */
export const personState = (userId: UserId) =>
  sql<
    { deleted: boolean; hidesReads: boolean }
  >`select deleted_at is not null as deleted, hides_reads
    from users where user_id = ${userId}::uuid`;
