import type { Table } from "../changes/mod.ts";
import { sql, type Statement, table } from "../db/sql.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";

export interface ReceiptRow {
  readonly chatId: ChatId;
  readonly userId: UserId;
  readonly deliveredSeq: number;
  readonly readSeq: number;
}

/** In the order of the key. */
const inOrder = (a: ReceiptRow, b: ReceiptRow) =>
  a.chatId < b.chatId || (a.chatId === b.chatId && a.userId < b.userId)
    ? -1
    : 1;
const receiptId = ({ chatId, userId }: Pick<ReceiptRow, "chatId" | "userId">) =>
  `${chatId}/${userId}`;

const receiptTypes = {
  chatId: "uuid",
  userId: "uuid",
  deliveredSeq: "bigint",
  readSeq: "bigint",
} as const;

/**
 * The cursors of senders, which a send moves along. Written only forward, in key order, so that two
 * transactions cannot wait for each other. The sweep need not find them, since the message tells: so
 * `changed_xid` stays, and its index is left alone.
 */
export const receipts: Table<
  Pick<ReceiptRow, "chatId" | "userId">,
  ReceiptRow
> = {
  name: "receipts",
  id: receiptId,
  load: (keys) =>
    sql<
      ReceiptRow
    >`select r.chat_id, r.user_id, r.delivered_seq, r.read_seq from receipts r
      join ${table(keys, { chatId: "uuid", userId: "uuid" })} k (c, u)
        on r.chat_id = k.c and r.user_id = k.u`,
  save: (rows) => [
    sql`insert into receipts as r (chat_id, user_id, delivered_seq, read_seq)
      select * from ${table([...rows].sort(inOrder), receiptTypes)}
      on conflict (chat_id, user_id) do update set
        delivered_seq = greatest(r.delivered_seq, excluded.delivered_seq),
        read_seq = greatest(r.read_seq, excluded.read_seq)`,
  ],
};

/** Where one member has come to now; no row for a wish that is not a present member's. */
export interface AdvancedReceipt extends ReceiptRow {
  readonly memberCount: number;
  readonly moved: boolean;
  /** Whether the member had marked the chat unread. */
  readonly marked: boolean;
}

/**
 * Moves the cursors of present members forward: never back, nor past the last message, nor behind the
 * point of joining, from which they count without having been stored.
 */
export const advanceReceipts = (
  rows: readonly ReceiptRow[],
): Statement<AdvancedReceipt> =>
  sql<AdvancedReceipt>`with allowed as (
      select m.chat_id, m.user_id, m.joined_seq, c.member_count,
        greatest(m.joined_seq, least(w.delivered_seq, h.last_seq)) as delivered_seq,
        greatest(m.joined_seq, least(w.read_seq, h.last_seq)) as read_seq
      from ${table([...rows].sort(inOrder), receiptTypes)} w
        (chat_id, user_id, delivered_seq, read_seq)
      join members m using (chat_id, user_id)
      join chats c using (chat_id)
      join heads h on h.scope_id = w.chat_id
      where m.left_at is null and c.deleted_at is null
    ), moved as (
      insert into receipts as r (chat_id, user_id, delivered_seq, read_seq)
      select chat_id, user_id, delivered_seq, read_seq from allowed
      where greatest(delivered_seq, read_seq) > joined_seq order by 1, 2
      on conflict (chat_id, user_id) do update set
        delivered_seq = greatest(r.delivered_seq, excluded.delivered_seq),
        read_seq = greatest(r.read_seq, excluded.read_seq),
        changed_xid = excluded.changed_xid
      where excluded.delivered_seq > r.delivered_seq or excluded.read_seq > r.read_seq
      returning r.*
    )
    select a.chat_id, a.user_id, a.member_count, moved.chat_id is not null as moved,
      coalesce(p.marked_unread, false) as marked,
      coalesce(moved.delivered_seq, a.delivered_seq) as delivered_seq,
      coalesce(moved.read_seq, a.read_seq) as read_seq
    from allowed a left join moved using (chat_id, user_id)
    left join chat_preferences p on p.user_id = a.user_id and p.chat_id = a.chat_id`;

/** How far the present members are; a member is never behind the point of joining. */
export const receiptsOf = (
  chatId: ChatId,
  limit: number,
): Statement<ReceiptRow> =>
  sql<ReceiptRow>`select m.chat_id, m.user_id,
      greatest(m.joined_seq, coalesce(r.delivered_seq, 0)) as delivered_seq,
      greatest(m.joined_seq, coalesce(r.read_seq, 0)) as read_seq
    from members m left join receipts r using (chat_id, user_id)
    where m.chat_id = ${chatId}::uuid and m.left_at is null
    order by m.user_id limit ${limit}`;

/** Cursors that any transaction from `from` on has moved, in chats where each step is told. */
export const receiptsChangedFrom = (
  from: string,
  memberLimit: number,
): Statement<ReceiptRow> =>
  sql<ReceiptRow>`select r.chat_id, r.user_id, r.delivered_seq, r.read_seq
    from receipts r
    join chats c using (chat_id)
    join members m using (chat_id, user_id)
    where r.changed_xid >= ${from}::xid8 and m.left_at is null
      and c.deleted_at is null and c.member_count <= ${memberLimit}`;
