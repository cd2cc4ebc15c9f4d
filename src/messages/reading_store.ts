import { sql, type Statement } from "../db/sql.ts";
import type { ChatId, MessageId, UserId } from "../protocol/ids.ts";
import { clearedSeq } from "../preferences/mod.ts";
import { columnsOf, type StoredMessage, viewsOf } from "./store.ts";

/** What of a message is its reader's own. */
export interface OwnPart {
  /** The emoji that the reader chose on it. */
  readonly mine: readonly string[];
  /** What the reader chose in a poll, a bit an option. */
  readonly choices: number | null;
}

/** A stored message as one reader finds it. */
export type ReadMessage = StoredMessage & OwnPart;

/**
 * The messages of a chat as one member sees them: those of the time that is open to her, without those
 * that she deleted for herself, or cleared with all before.
 */
const seenBy = (
  chatId: ChatId | Statement<unknown>,
  userId: UserId,
  wanted: Statement<unknown> = columnsOf(sql`m`),
) =>
  sql`select ${wanted},
      case when reaction_counts = '[]' then '[]' else (
        select coalesce(json_agg(emoji), '[]') from reactions r
        where r.chat_id = m.chat_id and r.seq = m.seq and r.user_id = ${userId}::uuid
      ) end as mine,
      case when m.poll is not null then (
        select choices from poll_votes v
        where v.chat_id = m.chat_id and v.seq = m.seq and v.user_id = ${userId}::uuid
      ) end as choices
    from messages m where m.chat_id = ${chatId}::uuid
      and m.seq > greatest(${clearedSeq(userId, chatId)},
        (select history_from from members own
          where own.chat_id = ${chatId}::uuid and own.user_id = ${userId}::uuid))
      and not exists (
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

/**
 * Where a message stands and as of which change, with all that is its reader's own or changes without
 * a `rev`: the rest of it follows from these.
 */
export type SeenPlace =
  & Pick<StoredMessage, "messageId" | "rev" | "views">
  & OwnPart;

/**
 * The places of the latest messages, the newest first: what `messagesBefore` finds, without what is at
 * hand elsewhere. In one row, since a page of rows takes long to parse.
 */
export const latestPlaces = (chatId: ChatId, userId: UserId, limit: number) =>
  sql<{ places: SeenPlace[] }>`select coalesce(json_agg(json_build_object(
      'messageId', message_id, 'rev', rev, 'views', views, 'mine', mine,
      'choices', choices
    ) order by seq desc), '[]') as places from (${
    seenBy(chatId, userId, sql`message_id, seq, rev, ${viewsOf(sql`m`)}`)
  } order by seq desc limit ${limit}) place`;

/** Which history of the database this is. */
export const presentEpoch = sql<
  { epoch: string }
>`select epoch()`;

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
