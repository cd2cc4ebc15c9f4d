import type { Table } from "../changes/mod.ts";
import { sql, table } from "../db/sql.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";

/** Stands for everyone in the chat: one row, however many they are. */
export const everyone = "00000000-0000-0000-0000-000000000000" as UserId;

export interface MentionRow {
  readonly chatId: ChatId;
  readonly seq: number;
  readonly userIds: readonly UserId[];
  /** Whether the message was there before and may have meant others. */
  readonly replaces: boolean;
}

/** Whom messages mean. Only written here: what a message says tells the same to who may read it. */
export const mentions: Table<Pick<MentionRow, "chatId" | "seq">, MentionRow> = {
  name: "mentions",
  id: ({ chatId, seq }) => `${chatId}/${seq}`,
  load: () => sql<MentionRow>`select chat_id, seq from mentions where false`,
  save(rows) {
    const replaced = rows.filter(({ replaces }) => replaces);
    const meant = rows.flatMap(({ userIds, ...row }) =>
      userIds.map((userId) => ({ ...row, userId }))
    );
    return [
      ...(replaced.length === 0 ? [] : [
        sql`delete from mentions using ${
          table(replaced, { chatId: "uuid", seq: "bigint" })
        } r (c, s)
          where chat_id = r.c and seq = r.s`,
      ]),
      ...(meant.length === 0 ? [] : [
        sql`insert into mentions (chat_id, seq, user_id) select * from ${
          table(meant, { chatId: "uuid", seq: "bigint", userId: "uuid" })
        }`,
      ]),
    ];
  },
};
