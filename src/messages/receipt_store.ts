import type { Table } from "../changes/mod.ts";
import { sql, type Statement, table } from "../db/sql.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { limits } from "../protocol/limits.ts";

export interface ReceiptRow {
  readonly chatId: ChatId;
  readonly userId: UserId;
  readonly deliveredSeq: number;
  readonly readSeq: number;
}

/** The same, and up to where others are shown that the person has read. */
export interface ShownReceiptRow extends ReceiptRow {
  readonly shownSeq: number;
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
    sql`insert into receipts as r (chat_id, user_id, delivered_seq, read_seq, sent_seq)
      select chat_id, user_id, delivered_seq, read_seq, read_seq
      from ${table([...rows].sort(inOrder), receiptTypes)}
        sent (chat_id, user_id, delivered_seq, read_seq)
      on conflict (chat_id, user_id) do update set
        delivered_seq = greatest(r.delivered_seq, excluded.delivered_seq),
        read_seq = greatest(r.read_seq, excluded.read_seq),
        sent_seq = greatest(r.sent_seq, excluded.sent_seq)`,
  ],
};

/** Where one member has come to now; no row for a wish that is not a present member's. */
export interface AdvancedReceipt extends ShownReceiptRow {
  readonly isDirect: boolean;
  /** Whether the other members are told of it. */
  readonly isTold: boolean;
  readonly moved: boolean;
  /** Whether the member had marked the chat unread. */
  readonly marked: boolean;
}

/** Whether the members of a chat are told how far each of them is. */
const tellsReceipts =
  sql`(c.kind <> 'channel' and c.member_count <= ${limits.receiptMembers})`;

const hides = (userId: Statement<unknown>) =>
  sql`exists (select from users h where h.user_id = ${userId} and h.hides_reads)`;

/**
 * Whether others are shown what a member has read. Between two people both have to show it to the other
 * one (looked into only where one hides anything), and neither has blocked the other; in a group the member to everybody, since all are told at once.
 */
const showsReads = (userId: Statement<unknown>) =>
  sql`(case when c.kind = 'direct' then (
      not (${hides(sql`split_part(c.direct_key, '/', 1)::uuid`)}
        or ${hides(sql`nullif(split_part(c.direct_key, '/', 2), '')::uuid`)})
      or pair_shows_reads(c.direct_key)
    ) and not exists (select from blocked_chats b where b.chat_id = c.chat_id)
    else not ${hides(userId)} end)`;

/**
 * Moves the cursors of present members forward: never back, nor past the last message, nor behind the
 * point of joining, from which they count without having been stored.
 *
 * In a channel what was delivered is nobody's business, so that alone writes nothing: one row for each
 * subscriber and post would. What a read cursor passes there is counted as viewed: exactly once a
 * person, because `prior_read_seq` tells what this very step passed, and of one step the latest
 * posts alone. Whoever hides what she reads is not counted: alone, the count would be her receipt. The counters of a batch are summed first, and written in the order of their key.
 */
export const advanceReceipts = (
  rows: readonly ReceiptRow[],
): Statement<AdvancedReceipt> =>
  sql<AdvancedReceipt>`with allowed as (
      select m.chat_id, m.user_id, m.joined_seq, ${tellsReceipts} as is_told,
        c.kind = 'channel' as is_channel, c.kind = 'direct' as is_direct,
        ${showsReads(sql`m.user_id`)} as shows_reads,
        greatest(m.joined_seq, least(w.delivered_seq, h.last_seq)) as delivered_seq,
        greatest(m.joined_seq, least(w.read_seq, h.last_seq)) as read_seq
      from ${table([...rows].sort(inOrder), receiptTypes)} w
        (chat_id, user_id, delivered_seq, read_seq)
      join members m using (chat_id, user_id)
      join chats c using (chat_id)
      join heads h on h.scope_id = w.chat_id
      where m.left_at is null and c.deleted_at is null
    ), moved as (
      insert into receipts as r (chat_id, user_id, delivered_seq, read_seq, prior_read_seq)
      select chat_id, user_id, delivered_seq, read_seq, joined_seq from allowed
      where (read_seq > joined_seq or (delivered_seq > joined_seq and not is_channel))
      order by 1, 2
      on conflict (chat_id, user_id) do update set
        delivered_seq = greatest(r.delivered_seq, excluded.delivered_seq),
        read_seq = greatest(r.read_seq, excluded.read_seq),
        prior_read_seq = greatest(r.read_seq, excluded.prior_read_seq),
        changed_xid = excluded.changed_xid
      where excluded.delivered_seq > r.delivered_seq or excluded.read_seq > r.read_seq
      returning r.*
    ), viewed as (
      insert into message_views as v (chat_id, seq, views)
      select chat_id, seq, count(*) from moved join allowed a using (chat_id, user_id)
      cross join lateral generate_series(
        greatest(moved.prior_read_seq + 1, moved.read_seq - ${
    limits.viewsPerStep - 1
  }), moved.read_seq) seq
      where a.is_channel and a.shows_reads group by chat_id, seq order by 1, 2
      on conflict (chat_id, seq) do update set views = v.views + excluded.views
    )
    select a.chat_id, a.user_id, a.is_told, a.is_direct, moved.chat_id is not null as moved,
      coalesce(p.marked_unread, false) as marked,
      coalesce(moved.delivered_seq, a.delivered_seq) as delivered_seq,
      coalesce(moved.read_seq, a.read_seq) as read_seq,
      case when a.shows_reads then coalesce(moved.read_seq, a.read_seq)
        else greatest(a.joined_seq, coalesce(moved.sent_seq, 0)) end as shown_seq
    from allowed a left join moved using (chat_id, user_id)
    left join chat_preferences p on p.user_id = a.user_id and p.chat_id = a.chat_id`;

const deliveredTo =
  sql`greatest(m.joined_seq, coalesce(r.delivered_seq, 0)) as delivered_seq`;
const readTo = sql`greatest(m.joined_seq, coalesce(r.read_seq, 0))`;
const writtenTo = sql`greatest(m.joined_seq, coalesce(r.sent_seq, 0))`;

/**
 * How far the present members are, as one of them may see it; a member is never behind the point of
 * joining. Whoever hides in a group what she has read does not see it of others there either. No rows
 * where that is not told: then nothing is looked through.
 */
export const receiptsOf = (
  chatId: ChatId,
  viewerId: UserId,
): Statement<ReceiptRow> =>
  sql<ReceiptRow>`select m.chat_id, m.user_id, ${deliveredTo},
      case
        when m.user_id = ${viewerId}::uuid then ${readTo}
        when c.kind <> 'direct' and (select ${
    hides(sql`${viewerId}::uuid`)
  }) then ${writtenTo}
        when ${showsReads(sql`m.user_id`)} then ${readTo}
        else ${writtenTo}
      end as read_seq
    from members m join chats c using (chat_id) left join receipts r using (chat_id, user_id)
    where m.chat_id = ${chatId}::uuid and m.left_at is null
      and (select ${tellsReceipts} from chats c where c.chat_id = ${chatId}::uuid)
    order by m.user_id`;

/** How far one present member is, as she sees it herself. */
export const receiptOf = (
  chatId: ChatId,
  userId: UserId,
): Statement<ReceiptRow> =>
  sql<
    ReceiptRow
  >`select m.chat_id, m.user_id, ${deliveredTo}, ${readTo} as read_seq
    from members m left join receipts r using (chat_id, user_id)
    where m.chat_id = ${chatId}::uuid and m.user_id = ${userId}::uuid and m.left_at is null`;

/** Cursors that any transaction from `from` on has moved, in chats where each step is told. */
export const receiptsChangedFrom = (
  from: string,
): Statement<ShownReceiptRow & { isDirect: boolean }> =>
  sql<
    ShownReceiptRow & { isDirect: boolean }
  >`select r.chat_id, r.user_id, r.delivered_seq, r.read_seq,
      case when ${showsReads(sql`r.user_id`)} then r.read_seq
        else r.sent_seq end as shown_seq, c.kind = 'direct' as is_direct
    from receipts r
    join chats c using (chat_id)
    join members m using (chat_id, user_id)
    where r.changed_xid >= ${from}::xid8 and m.left_at is null
      and c.deleted_at is null and ${tellsReceipts}`;
