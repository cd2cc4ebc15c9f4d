import { chatOf } from "../chats/mod.ts";
import type { Database } from "../db/database.ts";
import { readTimeCursor, writeTimeCursor } from "../db/time_cursor.ts";
import {
  latestMessages,
  openForReader,
  type OpenMessages,
} from "../messages/mod.ts";
import { ChatId, type UserId } from "../protocol/ids.ts";
import { type List, type ListQuery, paged } from "../protocol/page.ts";
import { Problem } from "../protocol/problem.ts";
import type { ChatItem } from "../protocol/sync.ts";
import { chatItem, type ChatItemRow, chatItems } from "./store.ts";

export interface Reader {
  readonly db: Database;
  readonly open: OpenMessages;
}

/** The caller's chats, the latest activity first. */
export async function listChats(
  reader: Reader,
  userId: UserId,
  { cursor, limit }: ListQuery,
): Promise<List<ChatItem>> {
  const after = cursor === undefined ? null : readTimeCursor(cursor, ChatId);
  const [rows] = await reader.db.run(chatItems(userId, after, limit + 1));
  const page = paged(
    rows,
    limit,
    ({ activeAt, chatId }) =>
      writeTimeCursor({ at: activeAt.toISOString(), id: chatId }),
  );
  return { ...page, items: await describe(reader, userId, page.items) };
}

/** One chat as it stands in the caller's list. */
export async function readChat(
  reader: Reader,
  chatId: ChatId,
  userId: UserId,
): Promise<ChatItem> {
  const [rows] = await reader.db.run(chatItem(userId, chatId));
  const [item] = await describe(reader, userId, rows);
  if (!item) throw new Problem("not_found");
  return item;
}

async function describe(
  { db, open }: Reader,
  userId: UserId,
  rows: readonly ChatItemRow[],
) {
  const [latest] = await db.run(
    latestMessages(rows.map(({ chatId }) => chatId), userId),
  );
  const messages = await openForReader(open, latest);
  const byChat = new Map(messages.map((message) => [message.chatId, message]));
  return rows.map((row): ChatItem => ({
    ...chatOf(row),
    rev: row.rev,
    lastSeq: row.lastSeq,
    lastMessage: byChat.get(row.chatId) ?? null,
    peer: row.peer,
    me: {
      role: row.role,
      readSeq: row.readSeq,
      deliveredSeq: row.deliveredSeq,
      unread: row.lastSeq - row.readSeq,
    },
  }));
}
