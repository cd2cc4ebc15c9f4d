import type { Table } from "../changes/mod.ts";
import { sql, table } from "../db/sql.ts";
import type { ChatId, MessageId, UserId } from "../protocol/ids.ts";

export interface ReactionRow {
  readonly messageId: MessageId;
  readonly userId: UserId;
  readonly emoji: string;
  readonly chatId: ChatId;
  readonly seq: number;
  /** false once taken back. */
  readonly active: boolean;
}

const reactionTypes = {
  chatId: "uuid",
  seq: "bigint",
  emoji: "text",
  userId: "uuid",
} as const;

/** Who chose which emoji. The counts stand with the message. */
export const reactions: Table<
  Pick<ReactionRow, "messageId" | "userId" | "emoji">,
  ReactionRow
> = {
  name: "reactions",
  id: ({ messageId, userId, emoji }) => `${messageId}/${userId}/${emoji}`,
  load: (keys) =>
    sql<
      ReactionRow
    >`select message_id, r.user_id, r.emoji, r.chat_id, r.seq, true as active
      from ${
      table(keys, { messageId: "uuid", userId: "uuid", emoji: "text" })
    } k (id, who, emoji)
      join messages m on m.message_id = k.id
      join reactions r on r.chat_id = m.chat_id and r.seq = m.seq
        and r.user_id = k.who and r.emoji = k.emoji`,
  save: (rows) => {
    const added = rows.filter(({ active }) => active);
    const removed = rows.filter(({ active }) => !active);
    return [
      ...(added.length === 0 ? [] : [
        sql`insert into reactions (chat_id, seq, emoji, user_id)
          select a.* from ${
          table(added, reactionTypes)
        } a (chat_id, seq, emoji, user_id)
          join messages m using (chat_id, seq) where m.deleted_at is null
          on conflict do nothing`,
      ]),
      ...(removed.length === 0 ? [] : [
        sql`delete from reactions using ${
          table(removed, reactionTypes)
        } d (c, s, e, u)
          where chat_id = d.c and seq = d.s and emoji = d.e and user_id = d.u`,
      ]),
    ];
  },
};
