import type { Database } from "../db/database.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { createGather, rowsOfWishes } from "./gather.ts";
import { presentChatIds } from "./store.ts";

/** The chats that a person is in at a moment after the call. */
export type ReadChatIds = (userId: UserId) => Promise<ChatId[]>;

export function createReadChatIds(db: Database): ReadChatIds {
  const read = createGather(
    async (wishes: readonly { readonly userId: UserId }[]) => {
      const [rows] = await db.run(
        presentChatIds(wishes.map(({ userId }) => userId)),
      );
      return rowsOfWishes(rows, wishes.length);
    },
    (rows) => rows.length,
  );
  return async (userId) => (await read({ userId })).map(({ chatId }) => chatId);
}
