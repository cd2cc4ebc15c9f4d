import { sql, type Statement, table } from "../db/sql.ts";
import type { ChatId } from "../protocol/ids.ts";
import type { ChatKeyRow } from "./store.ts";

/** How many data keys each master key wraps. */
export const keyCensus = (): Statement<
  { masterKeyId: string; count: number }
> =>
  sql<{ masterKeyId: string; count: number }>`select master_key_id, count(*)
    from chat_keys group by master_key_id order by master_key_id`;

/** One data key of each master key; the index is stepped through, however many keys there are. */
export const oneKeyEach = (): Statement<ChatKeyRow> =>
  sql<ChatKeyRow>`with recursive ids (id) as (
      select min(master_key_id) from chat_keys
      union all
      select (select min(master_key_id) from chat_keys where master_key_id > id)
        from ids where id is not null
    )
    select k.chat_id, k.key_version, k.master_key_id, k.wrapped from ids, lateral (
      select * from chat_keys where master_key_id = id limit 1) k`;

export type KeyPlace = Pick<ChatKeyRow, "chatId" | "keyVersion">;

/** Comes before the key of any chat. */
export const firstPlace: KeyPlace = {
  chatId: "00000000-0000-0000-0000-000000000000" as ChatId,
  keyVersion: 0,
};

/** Data keys under other master keys than this one, in the order of their places. */
export const keysNotUnder = (
  masterKeyId: string,
  after: KeyPlace,
  limit: number,
): Statement<ChatKeyRow> =>
  sql<
    ChatKeyRow
  >`select chat_id, key_version, master_key_id, wrapped from chat_keys
    where master_key_id <> ${masterKeyId}
      and (chat_id, key_version) > (${after.chatId}::uuid, ${after.keyVersion}::integer)
    order by chat_id, key_version limit ${limit}`;

/** The same data keys under another master key. Those of a chat deleted meanwhile stay gone. */
export const rewrap = (rows: readonly ChatKeyRow[]): Statement<never> =>
  sql`update chat_keys set master_key_id = n.master_key_id, wrapped = n.wrapped
    from ${
    table(rows, {
      chatId: "uuid",
      keyVersion: "integer",
      masterKeyId: "text",
      wrapped: "bytea",
    })
  } n (chat_id, key_version, master_key_id, wrapped)
    where chat_keys.chat_id = n.chat_id and chat_keys.key_version = n.key_version`;
