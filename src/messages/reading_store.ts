import { sql, type Statement } from "../db/sql.ts";
import type { ChatId, MessageId, UserId } from "../protocol/ids.ts";
import { columnsOf, type StoredMessage } from "./store.ts";

/** A stored message, and what the reader chose on it. */
export type ReadMessage = StoredMessage & {
  readonly mine: readonly string[];
  /** What the reader chose in a poll, a bit an option. */
  readonly choices: number | null;
};

/** The messages of a chat as one member sees them: without those that member deleted for herself. */
const seenBy = (chatId: ChatId | Statement<unknown>, userId: UserId) =>
  sql`select ${columnsOf(sql`m`)},
      case when reaction_counts = '[]' then '[]' else (
        select coalesce(json_agg(emoji), '[]') from reactions r
        where r.chat_id = m.chat_id and r.seq = m.seq and r.user_id = ${userId}::uuid
      ) end as mine,
      case when poll is not null then (
        select choices from poll_votes v
        where v.chat_id = m.chat_id and v.seq = m.seq and v.user_id = ${userId}::uuid
      ) end as choices
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

/** The latest message, of those the member has not hidden, of each chat whose `chat_id` a statement finds. */
export const latestMessages = (
  chats: Statement<{ readonly chatId: ChatId }>,
  userId: UserId,
) =>
  sql<ReadMessage>`select latest.* from (${chats}) wanted
    cross join lateral (${
    seenBy(sql`wanted.chat_id`, userId)
  } order by seq desc limit 1) latest`;
