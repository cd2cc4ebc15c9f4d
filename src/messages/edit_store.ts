import type { Table } from "../changes/mod.ts";
import { sql, type Statement, table } from "../db/sql.ts";
import type { ChatId, MessageId } from "../protocol/ids.ts";
import { limits } from "../protocol/limits.ts";

/** What a message said, and until which `rev`. */
export interface EarlierRow {
  readonly chatId: ChatId;
  readonly seq: number;
  readonly rev: number;
  readonly keyVersion: number;
  readonly sealed: Uint8Array;
  readonly writtenAt: Date;
}

type EarlierKey = Pick<EarlierRow, "chatId" | "seq" | "rev">;

/**
 * The contents that edits took the place of, the newest of each message. A message deleted for everyone
 * has none: its own table takes them away.
 */
export const earlierContents: Table<EarlierKey, EarlierRow> = {
  name: "earlierContents",
  id: ({ chatId, seq, rev }) => `${chatId}/${seq}/${rev}`,
  load: () =>
    sql<EarlierRow>`select chat_id, seq, rev from message_edits where false`,
  save: (rows) => [
    sql`insert into message_edits (chat_id, seq, rev, key_version, sealed, written_at)
      select e.* from ${
      table(rows, {
        chatId: "uuid",
        seq: "bigint",
        rev: "bigint",
        keyVersion: "integer",
        sealed: "bytea",
        writtenAt: "timestamptz",
      })
    } e (chat_id, seq, rev, key_version, sealed, written_at)
      join messages m using (chat_id, seq) where m.deleted_at is null`,
    sql`delete from message_edits e using ${
      table(rows, { chatId: "uuid", seq: "bigint" })
    } r (c, s)
      where chat_id = r.c and seq = r.s and rev < (
        select kept.rev from message_edits kept
        where kept.chat_id = r.c and kept.seq = r.s
        order by kept.rev desc offset ${limits.editsKept - 1} limit 1)`,
  ],
};

export type SealedEarlier = EarlierRow & { readonly messageId: MessageId };

/** What a message said before, the latest first, from before a `rev`. */
export const earlierOf = (
  chatId: ChatId,
  messageId: MessageId,
  before: number,
  limit: number,
): Statement<SealedEarlier> =>
  sql<SealedEarlier>`select e.*, m.message_id
    from messages m join message_edits e using (chat_id, seq)
    where m.chat_id = ${chatId}::uuid and m.message_id = ${messageId}::uuid
      and e.rev < ${before}
    order by e.rev desc limit ${limit}`;
