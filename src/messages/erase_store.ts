import { erasedAtOnce } from "../db/in_batches.ts";
import { sql, type Statement } from "../db/sql.ts";
import type { UserId } from "../protocol/ids.ts";

/** What a person hid from herself. */
export const eraseHidden = (userId: UserId): Statement<{ erased: number }> =>
  sql<{ erased: number }>`with batch as (
      select chat_id, seq from hidden_messages where user_id = ${userId}::uuid
      limit ${erasedAtOnce}
    ), gone as (
      delete from hidden_messages h using batch
      where h.user_id = ${userId}::uuid and h.chat_id = batch.chat_id and h.seq = batch.seq
      returning 1
    )
    select count(*) as erased from gone`;

/** How far a person has read, in every chat she was ever in: they are found by her memberships. */
export const eraseReceipts = (userId: UserId): Statement<{ erased: number }> =>
  sql<{ erased: number }>`with batch as (
      select chat_id from members join receipts using (chat_id, user_id)
      where user_id = ${userId}::uuid limit ${erasedAtOnce}
    ), gone as (
      delete from receipts r using batch
      where r.chat_id = batch.chat_id and r.user_id = ${userId}::uuid
      returning 1
    )
    select count(*) as erased from gone`;

/** Where others meant a person: the rows that count for her alone. */
export const eraseMentions = (userId: UserId): Statement<{ erased: number }> =>
  sql<{ erased: number }>`with batch as (
      select chat_id, seq from mentions where user_id = ${userId}::uuid
      limit ${erasedAtOnce}
    ), gone as (
      delete from mentions m using batch
      where m.user_id = ${userId}::uuid and m.chat_id = batch.chat_id and m.seq = batch.seq
      returning 1
    )
    select count(*) as erased from gone`;
