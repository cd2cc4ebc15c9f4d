import { LRUCache } from "lru-cache";
import type { Database } from "../db/database.ts";
import type { ChatKind } from "../protocol/chats.ts";
import type { ChatId } from "../protocol/ids.ts";
import { chatKind } from "./channel_store.ts";

/** Kinds kept: one is asked for with every sign of typing. */
const kept = 10_000;

/** A chat's kind, which never changes; undefined where there is no such chat. */
export function createKindOf(
  db: Database,
): (chatId: ChatId) => Promise<ChatKind | undefined> {
  const kinds = new LRUCache<ChatId, ChatKind>({
    maxSize: kept,
    sizeCalculation: () => 1,
  });
  return async (chatId) => {
    const known = kinds.get(chatId);
    if (known) return known;
    const [[row]] = await db.run(chatKind(chatId));
    if (row) kinds.set(chatId, row.kind);
    return row?.kind;
  };
}
