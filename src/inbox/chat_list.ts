import { chatOf, rightsOf } from "../chats/mod.ts";
import type { Database } from "../db/database.ts";
import { readTimeCursor, writeTimeCursor } from "../db/time_cursor.ts";
import {
  latestMessages,
  openForReader,
  type OpenMessages,
  type ReadMessage,
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
  const wanted = chatItems(userId, after, limit + 1);
  const [rows, latest] = await reader.db.snapshot(
    wanted,
    latestMessages(wanted, userId),
  );
  const page = paged(
    rows,
    limit,
    ({ activeAt, chatId }) =>
      writeTimeCursor({ at: activeAt.toISOString(), id: chatId }),
  );
  return { ...page, items: await describe(reader, page.items, latest) };
}

/** One chat as it stands in the caller's list. */
export async function readChat(
  reader: Reader,
  chatId: ChatId,
  userId: UserId,
): Promise<ChatItem> {
  const wanted = chatItem(userId, chatId);
  const [rows, latest] = await reader.db.snapshot(
    wanted,
    latestMessages(wanted, userId),
  );
  const [item] = await describe(reader, rows, latest);
  if (!item) throw new Problem("not_found");
  return item;
}

async function describe(
  { open }: Reader,
  rows: readonly ChatItemRow[],
  latest: readonly ReadMessage[],
) {
  const byChat = Map.groupBy(latest, ({ chatId }) => chatId);
  const shown = rows.flatMap(({ chatId }) => byChat.get(chatId) ?? []);
  const messages = new Map(
    (await openForReader(open, shown)).map((each) => [each.chatId, each]),
  );
  return rows.map((row): ChatItem => ({
    ...chatOf(row),
    rev: row.rev,
    lastSeq: row.lastSeq,
    lastMessage: messages.get(row.chatId) ?? null,
    peer: row.peer,
    me: {
      role: row.role,
      rights: [...rightsOf(row)],
      readSeq: row.readSeq,
      deliveredSeq: row.deliveredSeq,
      unread: row.lastSeq - row.readSeq,
    },
  }));
}
