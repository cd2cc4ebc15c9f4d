import type { State, Table } from "../changes/mod.ts";
import { sql, type Statement } from "../db/sql.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import type { Problem } from "../protocol/problem.ts";
import { blocked } from "./rules.ts";

/** The pair in one order, whoever asks. */
export const directKeyOf = (people: readonly UserId[]): string =>
  [...people].sort().join("/");

export interface DirectChatRow {
  readonly directKey: string;
  readonly chatId: ChatId;
}

/**
 * Finds the chat of a pair. Nothing is written through it: the key stands in `chats`. It is made under
 * the locks of both accounts, so whoever holds them sees whether there is one.
 */
export const directChats: Table<
  Pick<DirectChatRow, "directKey">,
  DirectChatRow
> = {
  name: "directChats",
  id: ({ directKey }) => directKey,
  load: (keys) => chatsOfPairs(keys.map(({ directKey }) => directKey)),
  save: () => [],
};

export const chatsOfPairs = (
  directKeys: readonly string[],
): Statement<DirectChatRow> =>
  sql<DirectChatRow>`select direct_key, chat_id from chats
    where direct_key = any(${directKeys}::text[])`;

/** Whether nothing may be said in a direct chat. No row: it may. */
export interface BlockedChatRow {
  readonly chatId: ChatId;
  readonly blocked: boolean;
}

export const blockedChats: Table<
  Pick<BlockedChatRow, "chatId">,
  BlockedChatRow
> = {
  name: "blockedChats",
  id: ({ chatId }) => chatId,
  load: (keys) => blockedAmong(keys.map(({ chatId }) => chatId)),
  save: (rows) => {
    const ids = (blocked: boolean) =>
      rows.filter((row) => row.blocked === blocked).map(({ chatId }) => chatId);
    return [
      sql`insert into blocked_chats (chat_id)
        select unnest(${ids(true)}::uuid[]) on conflict do nothing`,
      sql`delete from blocked_chats where chat_id = any(${ids(false)}::uuid[])`,
    ];
  },
};

/** Why nothing may be said in the chat now; needs its row of `blockedChats`. */
export function refuseBlocked(
  state: State,
  chatId: ChatId,
): Problem | undefined {
  return state.get(blockedChats, { chatId })?.blocked ? blocked() : undefined;
}

export const blockedAmong = (
  chatIds: readonly ChatId[],
): Statement<BlockedChatRow> =>
  sql<BlockedChatRow>`select chat_id, true as blocked from blocked_chats
    where chat_id = any(${chatIds}::uuid[])`;
