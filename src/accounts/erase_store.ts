import { sql, type Statement } from "../db/sql.ts";
import type { UserId } from "../protocol/ids.ts";

/** Accounts that one sweep takes up; those after them come at the next. */
const claimedAtOnce = 10;

/** Takes deleted accounts whose erasure nobody has under way, until the lease is over. */
export const claimErasures = (
  now: Date,
  lease: Date,
): Statement<{ userId: UserId }> =>
  sql<{ userId: UserId }>`update users set erase_after = ${lease}::timestamptz
    where user_id in (
      select user_id from users where erase_after <= ${now}::timestamptz
      order by erase_after limit ${claimedAtOnce} for update skip locked)
    returning user_id`;

/** Not where it is done already. */
export const renewErasure = (
  userId: UserId,
  lease: Date,
): Statement<never> =>
  sql`update users set erase_after = ${lease}::timestamptz
    where user_id = ${userId}::uuid and erase_after is not null`;

export const finishErasure = (userId: UserId): Statement<never> =>
  sql`update users set erase_after = null where user_id = ${userId}::uuid`;

/** Rows that one statement erases. */
const erasedAtOnce = 500;

/** Devices and what is left of their tokens; answers with how many devices there were. */
export const eraseDevices = (
  userId: UserId,
): Statement<{ erased: number }> =>
  sql<{ erased: number }>`with batch as (
      select device_id from devices where user_id = ${userId}::uuid
      limit ${erasedAtOnce} for update
    ), tokens as (
      delete from refresh_tokens using batch
      where refresh_tokens.device_id = batch.device_id
    ), gone as (
      delete from devices using batch where devices.device_id = batch.device_id
      returning 1
    )
    select count(*) as erased from gone`;
