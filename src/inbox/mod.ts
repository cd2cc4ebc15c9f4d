/**
 * What an account opens the app to: the chat list, the heads of its chats, what changed since; and what
 * it takes home, the export. Reads alone; nothing is stored here.
 *
 * @module
 */
import type { Database } from "../db/database.ts";
import type { OpenMessages } from "../messages/mod.ts";
import type { Turns } from "../lib/turns.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import type { OpenDraft } from "../preferences/mod.ts";
import type { List } from "../protocol/page.ts";
import type {
  Changes,
  ChatItem,
  ChatListQuery,
  Sync,
} from "../protocol/sync.ts";
import {
  type AccountCatchUp,
  catchUpAccount,
  catchUpChat,
  type ChatCatchUp,
} from "./catch_up.ts";
import { readChanges } from "./changes.ts";
import { createReadChatIds, type ReadChatIds } from "./chat_ids.ts";
import { listChats, readChat } from "./chat_list.ts";
import { createReadHeads, type ReadHeads } from "./heads.ts";
import { readSync } from "./sync.ts";

export { type AccountCatchUp, type ChatCatchUp } from "./catch_up.ts";
export { type Heads } from "./heads.ts";
export { writeCursor } from "./cursor.ts";
export { createExports, type Exports } from "./export.ts";

/** Every read is of one moment of the database, and rejects with a `Problem`. */
export interface Inbox {
  listChats(userId: UserId, query: ChatListQuery): Promise<List<ChatItem>>;
  readChat(chatId: ChatId, userId: UserId): Promise<ChatItem>;
  readChanges(
    chatId: ChatId,
    userId: UserId,
    since: number,
    limit: number,
  ): Promise<Changes>;
  readSync(
    caller: Parameters<typeof readSync>[1],
    cursor: string | undefined,
  ): Promise<Sync>;
  readonly readHeads: ReadHeads;
  readonly chatIds: ReadChatIds;
  catchUpChat(chatId: ChatId, rev: number): Promise<ChatCatchUp>;
  catchUpAccount(userId: UserId, rev: number): Promise<AccountCatchUp>;
}

export interface InboxParts {
  readonly db: Database;
  readonly open: OpenMessages;
  readonly openDraft: OpenDraft;
  /** Large pages of one person take turns. */
  readonly turns: Turns;
}

export function createInbox(
  { db, open, openDraft, turns }: InboxParts,
): Inbox {
  const reader = { db, open, openDraft };
  const readHeads = createReadHeads(db);
  return {
    listChats: (userId, query) =>
      turns(userId, () => listChats(reader, userId, query)),
    readChat: (chatId, userId) => readChat(reader, chatId, userId),
    readChanges: (chatId, userId, since, limit) =>
      turns(userId, () => readChanges(reader, chatId, userId, since, limit)),
    readSync: (caller, cursor) =>
      readSync({ db, readHeads, openDraft }, caller, cursor),
    readHeads,
    chatIds: createReadChatIds(db),
    catchUpChat: (chatId, rev) => catchUpChat(db, chatId, rev),
    catchUpAccount: (userId, rev) => catchUpAccount(db, userId, rev),
  };
}
