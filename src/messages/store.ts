import type { Table } from "../changes/mod.ts";
import { sql, type Statement, table } from "../db/sql.ts";
import type { ChatId, MessageId, UserId } from "../protocol/ids.ts";
import type { Content } from "../protocol/messages.ts";

/** Emoji and how many people chose it, in the order of first use. */
export type ReactionCounts =
  readonly (readonly [emoji: string, count: number])[];

/** A message as stored. */
export interface StoredMessage {
  readonly chatId: ChatId;
  readonly seq: number;
  readonly rev: number;
  readonly messageId: MessageId;
  readonly senderId: UserId;
  readonly keyVersion: number;
  /** null once deleted for everyone. */
  readonly sealed: Uint8Array | null;
  readonly replyToSeq: number | null;
  readonly replyToId: MessageId | null;
  readonly replyCount: number;
  readonly reactionCounts: ReactionCounts;
  readonly createdAt: Date;
  readonly editedAt: Date | null;
  readonly pinnedAt: Date | null;
  readonly deletedAt: Date | null;
}

/** A message with its content open. */
export interface MessageRow extends StoredMessage {
  readonly content: Content | null;
}

/** Opens the content of stored messages. */
export type OpenMessages = (
  rows: readonly StoredMessage[],
) => Promise<MessageRow[]>;

const firstColumns =
  sql`chat_id, seq, rev, message_id, sender_id, key_version, sealed, reply_to_seq, reply_to_id,
    created_at`;

const columns =
  sql`${firstColumns}, reply_count, reaction_counts, edited_at, pinned_at, deleted_at`;

const firstTypes = {
  chatId: "uuid",
  seq: "bigint",
  rev: "bigint",
  messageId: "uuid",
  senderId: "uuid",
  keyVersion: "integer",
  sealed: "bytea",
  replyToSeq: "bigint",
  replyToId: "uuid",
  createdAt: "timestamptz",
} as const;

const types = {
  ...firstTypes,
  replyCount: "integer",
  reactionCounts: "jsonb",
  editedAt: "timestamptz",
  pinnedAt: "timestamptz",
  deletedAt: "timestamptz",
} as const;

export type MessageKey = Pick<StoredMessage, "chatId" | "messageId">;
export type MessageTable = Table<MessageKey, MessageRow>;

/**
 * Messages of a chat by id. A new one needs its content sealed before; rows come back opened, for
 * which the command keeps the chat's keys at hand.
 */
export const messageTable = (open: OpenMessages): MessageTable => ({
  name: "messages",
  id: ({ chatId, messageId }) => `${chatId}/${messageId}`,
  load: (keys) =>
    sql<MessageRow>`select ${columns} from messages
      where message_id = any(${
      keys.map(({ messageId }) => messageId)
    }::uuid[]) and chat_id = any(${keys.map(({ chatId }) => chatId)}::uuid[])`,
  complete: open,
  save: saveMessages,
  insert(rows) {
    const { untouched = [], touched = [] } = Object.groupBy(
      rows,
      (row) => isUntouched(row) ? "untouched" : "touched",
    );
    return [
      ...(untouched.length > 0 ? [insertMessages(untouched)] : []),
      ...(touched.length > 0 ? saveMessages(touched) : []),
    ];
  },
});

/** Whether nothing has happened to a message since it was sent, in the same batch. */
const isUntouched = ({ replyCount, reactionCounts, ...row }: StoredMessage) =>
  replyCount === 0 && reactionCounts.length === 0 && row.editedAt === null &&
  row.pinnedAt === null && row.deletedAt === null;

/** The common case and the busiest statement of all: ten of the columns, and no conflict to expect. */
const insertMessages = (rows: readonly StoredMessage[]) =>
  sql`insert into messages (${firstColumns}) select * from ${
    table(rows, firstTypes)
  }`;

function saveMessages(rows: readonly StoredMessage[]): Statement<unknown>[] {
  const written = rows.map((row) => ({
    ...row,
    reactionCounts: JSON.stringify(row.reactionCounts),
  }));
  return [
    sql`insert into messages (${columns}) select * from ${table(written, types)}
      on conflict (chat_id, seq) do update set rev = excluded.rev,
        key_version = excluded.key_version, sealed = excluded.sealed,
        reply_count = excluded.reply_count, reaction_counts = excluded.reaction_counts,
        edited_at = excluded.edited_at, pinned_at = excluded.pinned_at,
        deleted_at = excluded.deleted_at`,
    ...withdrawReactions(rows),
  ];
}

export type PlaceRow = Pick<
  StoredMessage,
  "messageId" | "chatId" | "senderId" | "seq" | "rev" | "createdAt"
>;

/** Where a messageId is in use already, whatever the chat. It stands in `messages`. */
export const places: Table<Pick<PlaceRow, "messageId">, PlaceRow> = {
  name: "places",
  id: ({ messageId }) => messageId,
  load: (keys) =>
    sql<PlaceRow>`select message_id, chat_id, sender_id, seq, rev, created_at
      from messages where message_id = any(${
      keys.map(({ messageId }) => messageId)
    }::uuid[])`,
  save: () => [],
};

/** What a message deleted for everyone carried goes with it. */
function withdrawReactions(
  rows: readonly StoredMessage[],
): Statement<unknown>[] {
  const deleted = rows.filter(({ deletedAt }) => deletedAt !== null);
  if (deleted.length === 0) return [];
  return [
    sql`delete from reactions using ${
      table(deleted, { chatId: "uuid", seq: "bigint" })
    } d (c, s)
      where chat_id = d.c and seq = d.s`,
  ];
}

export interface ReactionRow {
  readonly messageId: MessageId;
  readonly userId: UserId;
  readonly emoji: string;
  readonly chatId: ChatId;
  readonly seq: number;
  /** false once taken back. */
  readonly active: boolean;
}

const reactionTypes = {
  chatId: "uuid",
  seq: "bigint",
  emoji: "text",
  userId: "uuid",
} as const;

/** Who chose which emoji. The counts stand with the message. */
export const reactions: Table<
  Pick<ReactionRow, "messageId" | "userId" | "emoji">,
  ReactionRow
> = {
  name: "reactions",
  id: ({ messageId, userId, emoji }) => `${messageId}/${userId}/${emoji}`,
  load: (keys) =>
    sql<
      ReactionRow
    >`select message_id, r.user_id, r.emoji, r.chat_id, r.seq, true as active
      from ${
      table(keys, { messageId: "uuid", userId: "uuid", emoji: "text" })
    } k (id, who, emoji)
      join messages m on m.message_id = k.id
      join reactions r on r.chat_id = m.chat_id and r.seq = m.seq
        and r.user_id = k.who and r.emoji = k.emoji`,
  save: (rows) => {
    const added = rows.filter(({ active }) => active);
    const removed = rows.filter(({ active }) => !active);
    return [
      ...(added.length === 0 ? [] : [
        sql`insert into reactions (chat_id, seq, emoji, user_id)
          select a.* from ${
          table(added, reactionTypes)
        } a (chat_id, seq, emoji, user_id)
          join messages m using (chat_id, seq) where m.deleted_at is null
          on conflict do nothing`,
      ]),
      ...(removed.length === 0 ? [] : [
        sql`delete from reactions using ${
          table(removed, reactionTypes)
        } d (c, s, e, u)
          where chat_id = d.c and seq = d.s and emoji = d.e and user_id = d.u`,
      ]),
    ];
  },
};

export interface ReceiptRow {
  readonly chatId: ChatId;
  readonly userId: UserId;
  readonly deliveredSeq: number;
  readonly readSeq: number;
}

/** In the order of the key. */
const inOrder = (a: ReceiptRow, b: ReceiptRow) =>
  a.chatId < b.chatId || (a.chatId === b.chatId && a.userId < b.userId)
    ? -1
    : 1;
const receiptId = ({ chatId, userId }: Pick<ReceiptRow, "chatId" | "userId">) =>
  `${chatId}/${userId}`;

const receiptTypes = {
  chatId: "uuid",
  userId: "uuid",
  deliveredSeq: "bigint",
  readSeq: "bigint",
} as const;

/**
 * The cursors of senders, which a send moves along. Written only forward, in key order, so that two
 * transactions cannot wait for each other.
 */
export const receipts: Table<
  Pick<ReceiptRow, "chatId" | "userId">,
  ReceiptRow
> = {
  name: "receipts",
  id: receiptId,
  load: (keys) =>
    sql<
      ReceiptRow
    >`select r.chat_id, r.user_id, r.delivered_seq, r.read_seq from receipts r
      join ${table(keys, { chatId: "uuid", userId: "uuid" })} k (c, u)
        on r.chat_id = k.c and r.user_id = k.u`,
  save: (rows) => [
    sql`insert into receipts as r (chat_id, user_id, delivered_seq, read_seq)
      select * from ${table([...rows].sort(inOrder), receiptTypes)}
      on conflict (chat_id, user_id) do update set
        delivered_seq = greatest(r.delivered_seq, excluded.delivered_seq),
        read_seq = greatest(r.read_seq, excluded.read_seq),
        changed_xid = excluded.changed_xid`,
  ],
};

/** Where one member has come to now; no row for a wish that is not a present member's. */
export interface AdvancedReceipt extends ReceiptRow {
  readonly memberCount: number;
  readonly moved: boolean;
}

/**
 * Moves the cursors of present members forward: never back, nor past the last message, nor behind the
 * point of joining, from which they count without having been stored.
 */
export const advanceReceipts = (
  rows: readonly ReceiptRow[],
): Statement<AdvancedReceipt> =>
  sql<AdvancedReceipt>`with allowed as (
      select m.chat_id, m.user_id, m.joined_seq, c.member_count,
        greatest(m.joined_seq, least(w.delivered_seq, h.last_seq)) as delivered_seq,
        greatest(m.joined_seq, least(w.read_seq, h.last_seq)) as read_seq
      from ${table([...rows].sort(inOrder), receiptTypes)} w
        (chat_id, user_id, delivered_seq, read_seq)
      join members m using (chat_id, user_id)
      join chats c using (chat_id)
      join heads h on h.scope_id = w.chat_id
      where m.left_at is null and c.deleted_at is null
    ), moved as (
      insert into receipts as r (chat_id, user_id, delivered_seq, read_seq)
      select chat_id, user_id, delivered_seq, read_seq from allowed
      where greatest(delivered_seq, read_seq) > joined_seq order by 1, 2
      on conflict (chat_id, user_id) do update set
        delivered_seq = greatest(r.delivered_seq, excluded.delivered_seq),
        read_seq = greatest(r.read_seq, excluded.read_seq),
        changed_xid = excluded.changed_xid
      where excluded.delivered_seq > r.delivered_seq or excluded.read_seq > r.read_seq
      returning r.*
    )
    select a.chat_id, a.user_id, a.member_count, moved.chat_id is not null as moved,
      coalesce(moved.delivered_seq, a.delivered_seq) as delivered_seq,
      coalesce(moved.read_seq, a.read_seq) as read_seq
    from allowed a left join moved using (chat_id, user_id)`;

export interface HiddenRow {
  readonly userId: UserId;
  readonly chatId: ChatId;
  readonly seq: number;
  readonly messageId: MessageId;
  readonly accountRev: number;
}

/** Messages that one person deleted for herself. */
export const hiddenMessages: Table<
  Pick<HiddenRow, "userId" | "messageId">,
  HiddenRow
> = {
  name: "hiddenMessages",
  id: ({ userId, messageId }) => `${userId}/${messageId}`,
  load: (keys) =>
    sql<HiddenRow>`select h.* from ${
      table(keys, { userId: "uuid", messageId: "uuid" })
    } k (u, id)
      join messages m on m.message_id = k.id
      join hidden_messages h
        on h.user_id = k.u and h.chat_id = m.chat_id and h.seq = m.seq`,
  save: (rows) => [
    sql`insert into hidden_messages (user_id, chat_id, seq, message_id, account_rev)
      select * from ${
      table(rows, {
        userId: "uuid",
        chatId: "uuid",
        seq: "bigint",
        messageId: "uuid",
        accountRev: "bigint",
      })
    } on conflict do nothing`,
  ],
};

/** A stored message and the emoji that the reader chose on it. */
export type ReadMessage = StoredMessage & { readonly mine: readonly string[] };

/** The messages of a chat as one member sees them: without those that member deleted for herself. */
const seenBy = (chatId: ChatId | Statement<unknown>, userId: UserId) =>
  sql`select ${columns},
      case when reaction_counts = '[]' then '[]' else (
        select coalesce(json_agg(emoji), '[]') from reactions r
        where r.chat_id = m.chat_id and r.seq = m.seq and r.user_id = ${userId}::uuid
      ) end as mine
    from messages m where m.chat_id = ${chatId}::uuid and not exists (
      select from hidden_messages h
      where h.user_id = ${userId}::uuid and h.chat_id = m.chat_id and h.seq = m.seq)`;

/** The messages next to `seq`, which is not among them, the nearest first. */
export const messagesBefore = (
  chatId: ChatId,
  userId: UserId,
  seq: number,
  limit: number,
) =>
  sql<ReadMessage>`${
    seenBy(chatId, userId)
  } and seq < ${seq} order by seq desc limit ${limit}`;

export const messagesAfter = (
  chatId: ChatId,
  userId: UserId,
  seq: number,
  limit: number,
) =>
  sql<ReadMessage>`${
    seenBy(chatId, userId)
  } and seq > ${seq} order by seq limit ${limit}`;

export const repliesTo = (
  chatId: ChatId,
  userId: UserId,
  messageId: MessageId,
  afterSeq: number,
  limit: number,
) =>
  sql<ReadMessage>`${
    seenBy(chatId, userId)
  } and seq > ${afterSeq} and reply_to_seq = (
      select seq from messages where chat_id = ${chatId}::uuid and message_id = ${messageId}::uuid)
    order by seq limit ${limit}`;

export const oneMessage = (
  chatId: ChatId,
  userId: UserId,
  messageId: MessageId,
) =>
  sql<ReadMessage>`${
    seenBy(chatId, userId)
  } and message_id = ${messageId}::uuid`;

/** Messages changed after `rev`, oldest change first. */
export const messagesSince = (
  chatId: ChatId,
  userId: UserId,
  rev: number,
  limit: number,
) =>
  sql<ReadMessage>`${
    seenBy(chatId, userId)
  } and rev > ${rev} order by rev limit ${limit}`;

/** The latest message of each chat that the member has not hidden. */
export const latestMessages = (chatIds: readonly ChatId[], userId: UserId) =>
  sql<
    ReadMessage
  >`select latest.* from unnest(${chatIds}::uuid[]) as wanted (id)
    cross join lateral (${
    seenBy(sql`wanted.id`, userId)
  } order by seq desc limit 1) latest`;

/** How far the present members are; a member is never behind the point of joining. */
export const receiptsOf = (
  chatId: ChatId,
  limit: number,
): Statement<ReceiptRow> =>
  sql<ReceiptRow>`select m.chat_id, m.user_id,
      greatest(m.joined_seq, coalesce(r.delivered_seq, 0)) as delivered_seq,
      greatest(m.joined_seq, coalesce(r.read_seq, 0)) as read_seq
    from members m left join receipts r using (chat_id, user_id)
    where m.chat_id = ${chatId}::uuid and m.left_at is null
    order by m.user_id limit ${limit}`;
