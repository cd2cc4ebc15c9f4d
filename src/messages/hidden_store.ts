import type { Table } from "../changes/mod.ts";
import { sql, table } from "../db/sql.ts";
import type { ChatId, MessageId, UserId } from "../protocol/ids.ts";

export interface HiddenRow {
  readonly userId: UserId;
  readonly chatId: ChatId;
  readonly seq: number;
  readonly messageId: MessageId;
  readonly accountRev: number;
}

/** Messages that one person deleted for herself. */
export const hiddenMessages: Table<
  Pick<HiddenRow, "userId" | "messageId">,
  HiddenRow
> = {
  name: "hiddenMessages",
  id: ({ userId, messageId }) => `${userId}/${messageId}`,
  load: (keys) =>
    sql<HiddenRow>`select h.* from ${
      table(keys, { userId: "uuid", messageId: "uuid" })
    } k (u, id)
      join messages m on m.message_id = k.id
      join hidden_messages h
        on h.user_id = k.u and h.chat_id = m.chat_id and h.seq = m.seq`,
  save: (rows) => [
    sql`insert into hidden_messages (user_id, chat_id, seq, message_id, account_rev)
      select * from ${
      table(rows, {
        userId: "uuid",
        chatId: "uuid",
        seq: "bigint",
        messageId: "uuid",
        accountRev: "bigint",
      })
    } on conflict do nothing`,
  ],
};
