import { chatOf, rightsOf } from "../chats/mod.ts";
import type { Database } from "../db/database.ts";
import { readTimeCursor, writeTimeCursor } from "../db/time_cursor.ts";
import {
  latestMessages,
  openForReader,
  type OpenMessages,
  type ReadMessage,
} from "../messages/mod.ts";
import type { OpenDraft } from "../preferences/mod.ts";
import { ChatId, type UserId } from "../protocol/ids.ts";
import { type List, paged } from "../protocol/page.ts";
import { noPreferences, unreadOf } from "../protocol/preferences.ts";
import { Problem } from "../protocol/problem.ts";
import type { ChatItem, ChatListQuery } from "../protocol/sync.ts";
import {
  chatItem,
  type ChatItemRow,
  chatItems,
  chatPlaces,
  type ListPlace,
} from "./store.ts";

export interface Reader {
  readonly db: Database;
  readonly open: OpenMessages;
  readonly openDraft: OpenDraft;
}

/** The caller's chats, the pinned ones first, then the latest activity. */
export async function listChats(
  reader: Reader,
  userId: UserId,
  { cursor, limit, archived }: ChatListQuery,
): Promise<List<ChatItem>> {
  const after = cursor === undefined ? null : readPlace(cursor);
  const places = chatPlaces(userId, archived === "true", after, limit + 1);
  const [rows, latest] = await reader.db.snapshot(
    chatItems(places, userId),
    latestMessages(places, userId),
  );
  const page = paged(
    rows,
    limit,
    ({ pinned, activeAt, chatId }) =>
      writePlace({ pinned, at: activeAt.toISOString(), id: chatId }),
  );
  return { ...page, items: await describe(reader, page.items, latest) };
}

/** What precedes the place of a pinned chat in a cursor. */
const pinnedMark = "pinned ";

const writePlace = ({ pinned, ...place }: ListPlace) =>
  (pinned ? pinnedMark : "") + writeTimeCursor(place);

function readPlace(cursor: string): ListPlace {
  const pinned = cursor.startsWith(pinnedMark);
  const place = pinned ? cursor.slice(pinnedMark.length) : cursor;
  return { pinned, ...readTimeCursor(place, ChatId) };
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
  { open, openDraft }: Reader,
  rows: readonly ChatItemRow[],
  latest: readonly ReadMessage[],
) {
  const byChat = Map.groupBy(latest, ({ chatId }) => chatId);
  const shown = rows.flatMap(({ chatId }) => byChat.get(chatId) ?? []);
  const messages = new Map(
    (await openForReader(open, shown)).map((each) => [each.chatId, each]),
  );
  const drafts = await Promise.all(rows.map(openDraft));
  return rows.map((row, i): ChatItem => ({
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
      unread: unreadOf({
        ...row,
        clearedSeq: row.preferences?.clearedSeq ?? 0,
      }),
      ...row.preferences ?? noPreferences,
      draft: drafts[i]!,
    },
  }));
}
