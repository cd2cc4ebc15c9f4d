import type { Statement } from "../db/sql.ts";
import {
  broadcastOf,
  earlierBy,
  type EarlierPlace,
  messagesBy,
  type OpenContent,
  type OpenMessages,
  type OwnReaction,
  reactionsBy,
} from "../messages/mod.ts";
import type {
  ExportedEarlier,
  ExportedMessage,
  ExportedReaction,
} from "../protocol/export.ts";
import type { UserId } from "../protocol/ids.ts";
import { limits } from "../protocol/limits.ts";
import { type ChatLength, chatLengths } from "./export_store.ts";

/** Reads one page for the caller; rejects once the caller's device is signed out. */
export type Read = <Row>(statement: Statement<Row>) => Promise<Row[]>;

export type Pages<Item> = AsyncGenerator<Item[], void>;

const pageSize = limits.pageItems;

/** Messages, and reactions, of everybody that one statement looks through. */
const stretches = { messages: 5000, reactions: 1000 } as const;

/** Page after page of a statement, each from the key of the last row before it. */
export async function* paged<Row>(
  read: Read,
  statement: (after: Row | null, limit: number) => Statement<Row>,
): Pages<Row> {
  let after: Row | null = null;
  for (;;) {
    const rows: Row[] = await read(statement(after, pageSize));
    if (rows.length > 0) yield rows;
    if (rows.length < pageSize) return;
    after = rows.at(-1)!;
  }
}

const chatsOf = (read: Read, userId: UserId) =>
  paged<ChatLength>(
    read,
    (after, limit) => chatLengths(userId, after?.chatId ?? null, limit),
  );

/**
 * What a person said, in every chat she is or was in. Not what others said to her: that is theirs, and
 * she reads it in the chat for as long as she is in it. Nor what she has cleared.
 */
export async function* ownMessages(
  read: Read,
  open: OpenMessages,
  userId: UserId,
): Pages<ExportedMessage> {
  for await (const chats of chatsOf(read, userId)) {
    for (const { chatId, lastSeq, clearedSeq, deleted } of chats) {
      let after = clearedSeq;
      while (after < lastSeq) {
        const upTo = Math.min(after + stretches.messages, lastSeq);
        const rows = await read(
          messagesBy(userId, { chatId, after, upTo }, pageSize),
        );
        // The keys of a deleted chat are gone.
        const opened = await open(
          deleted ? rows.map((row) => ({ ...row, sealed: null })) : rows,
        );
        if (opened.length > 0) yield opened.map(messageOf);
        after = rows.length < pageSize ? upTo : rows.at(-1)!.seq;
      }
    }
  }
}

function messageOf(row: Parameters<typeof broadcastOf>[0]): ExportedMessage {
  const { chatId, seq, messageId, content, ...message } = broadcastOf(row);
  const { forwardedFrom, replyTo, createdAt, editedAt, deletedAt } = message;
  return {
    ...{ chatId, seq, messageId, content, forwardedFrom, replyTo },
    ...{ createdAt, editedAt, deletedAt },
  };
}

/** What a person said before she edited it, in every chat she is or was in. */
export async function* ownEarlier(
  read: Read,
  open: OpenContent,
  userId: UserId,
): Pages<ExportedEarlier> {
  for await (const chats of chatsOf(read, userId)) {
    for (const { chatId, deleted } of chats) {
      const pages = paged<EarlierPlace>(
        read,
        (after, limit) => earlierBy(userId, chatId, after, limit),
      );
      for await (const rows of pages) {
        yield await Promise.all(rows.map(async (row) => ({
          chatId,
          seq: row.seq,
          // The keys of a deleted chat are gone.
          content: deleted ? null : (await open(row)).content,
          writtenAt: row.writtenAt.toISOString(),
        })));
      }
    }
  }
}

/** A person's reactions, in every chat she is or was in. */
export async function* ownReactions(
  read: Read,
  userId: UserId,
): Pages<ExportedReaction> {
  for await (const chats of chatsOf(read, userId)) {
    for (const { chatId, lastSeq } of chats) {
      let after = 0;
      let emoji: string | null = null;
      while (after < lastSeq) {
        const upTo = Math.min(after + stretches.reactions, lastSeq);
        const rows: OwnReaction[] = await read(
          reactionsBy(userId, { chatId, after, upTo }, emoji, pageSize),
        );
        if (rows.length > 0) yield rows.map(reactionOf);
        const isWhole = rows.length < pageSize;
        after = isWhole ? upTo : rows.at(-1)!.seq;
        emoji = isWhole ? null : rows.at(-1)!.emoji;
      }
    }
  }
}

const reactionOf = ({ createdAt, ...row }: OwnReaction): ExportedReaction => ({
  ...row,
  createdAt: createdAt.toISOString(),
});
