import type { Table } from "../changes/mod.ts";
import type { SealedMessage } from "../crypto/sealer.ts";
import { sql, type Statement, table } from "../db/sql.ts";
import type { ChatId, MessageId, UserId } from "../protocol/ids.ts";
import type { PostedAs } from "../chats/mod.ts";
import type { ForwardedFrom, MessageContent } from "../protocol/messages.ts";

import type { PollTally } from "../protocol/polls.ts";

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
  /** How a post in a channel is shown; null elsewhere, and for comments. */
  readonly postedAs: PostedAs | null;
  /** How many subscribers had read a post when it was loaded; null for what is none. Stored aside. */
  readonly views: number | null;
  /** How a poll stands; null for what is none. */
  readonly poll: PollTally | null;
}

/** What is sealed of a message. */
export interface Opened {
  readonly content: MessageContent;
  readonly forwardedFrom: ForwardedFrom | null;
}

/** Opens what is sealed in a place; null for what does not open. */
export type OpenContent = (
  sealed: SealedMessage,
) => Promise<Pick<MessageRow, "content" | "forwardedFrom">>;

/** A message with its content open. */
export interface MessageRow extends StoredMessage {
  readonly content: MessageContent | null;
  readonly forwardedFrom: ForwardedFrom | null;
}

/** Opens the content of stored messages. */
export type OpenMessages = (
  rows: readonly StoredMessage[],
) => Promise<MessageRow[]>;

const firstColumns =
  sql`chat_id, seq, rev, message_id, sender_id, key_version, sealed, reply_to_seq, reply_to_id,
    created_at`;

const storedColumns =
  sql`${firstColumns}, reply_count, reaction_counts, edited_at, pinned_at, deleted_at, posted_as,
    poll`;

export const viewsOf = (from: Statement<unknown>) =>
  sql`case when posted_as is not null then coalesce((
      select views from message_views v where v.chat_id = ${from}.chat_id and v.seq = ${from}.seq
    ), 0) end as views`;

/** All of a `StoredMessage`, from a table that goes by its own name or by `m`. */
export const columnsOf = (from: Statement<unknown>) =>
  sql`${storedColumns}, ${viewsOf(from)}`;

export const columns = columnsOf(sql`messages`);

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
  postedAs: "text",
  poll: "jsonb",
} as const;

export type MessageKey = Pick<StoredMessage, "chatId" | "messageId">;
export type MessageTable = Table<MessageKey, MessageRow>;

/**
 * Messages of a chat by id. A new one needs its content sealed before; rows come back opened, for
 * which the command keeps the chat's keys at hand. Of a deleted chat, whose keys are gone, none do.
 */
export const messageTable = (openKept: OpenMessages): MessageTable => ({
  name: "messages",
  id: ({ chatId, messageId }) => `${chatId}/${messageId}`,
  load: (keys) =>
    sql<MessageRow>`select ${columns} from messages
      where message_id = any(${
      keys.map(({ messageId }) => messageId)
    }::uuid[]) and chat_id = any(${keys.map(({ chatId }) => chatId)}::uuid[])
      and exists (select from chats c
        where c.chat_id = messages.chat_id and c.deleted_at is null)`,
  complete: openKept,
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
  row.pinnedAt === null && row.deletedAt === null && row.postedAs === null &&
  row.poll === null;

/** The common case and the busiest statement of all: ten of the columns, and no conflict to expect. */
const insertMessages = (rows: readonly StoredMessage[]) =>
  sql`insert into messages (${firstColumns}) select * from ${
    table(rows, firstTypes)
  }`;

function saveMessages(rows: readonly StoredMessage[]): Statement<unknown>[] {
  const written = rows.map((row) => ({
    ...row,
    reactionCounts: JSON.stringify(row.reactionCounts),
    poll: row.poll && JSON.stringify(row.poll),
  }));
  return [
    sql`insert into messages (${storedColumns}) select * from ${
      table(written, types)
    }
      on conflict (chat_id, seq) do update set rev = excluded.rev,
        key_version = excluded.key_version, sealed = excluded.sealed,
        reply_count = excluded.reply_count, reaction_counts = excluded.reaction_counts,
        edited_at = excluded.edited_at, pinned_at = excluded.pinned_at,
        deleted_at = excluded.deleted_at, poll = excluded.poll`,
    ...withdraw(rows),
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
function withdraw(rows: readonly StoredMessage[]): Statement<unknown>[] {
  const deleted = rows.filter(({ deletedAt }) => deletedAt !== null);
  if (deleted.length === 0) return [];
  const places = sql`${
    table(deleted, { chatId: "uuid", seq: "bigint" })
  } d (c, s)`;
  return [
    sql`delete from reactions using ${places} where chat_id = d.c and seq = d.s`,
    sql`delete from poll_votes using ${places} where chat_id = d.c and seq = d.s`,
    sql`delete from message_edits using ${places} where chat_id = d.c and seq = d.s`,
  ];
}
