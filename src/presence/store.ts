import { sql, table } from "../db/sql.ts";
import type { UserId } from "../protocol/ids.ts";

export const lastSeen = (userIds: readonly UserId[]) =>
  sql<{ userId: UserId; seenAt: Date }>`select user_id, seen_at from last_seen
    where user_id = any(${userIds}::uuid[])`;

export const writeLastSeen = (
  rows: readonly { userId: UserId; seenAt: Date }[],
) =>
  sql`insert into last_seen (user_id, seen_at)
    select * from ${table(rows, { userId: "uuid", seenAt: "timestamptz" })}
    on conflict (user_id) do update set
      seen_at = greatest(last_seen.seen_at, excluded.seen_at)`;

export const eraseLastSeen = (userId: UserId) =>
  sql`delete from last_seen where user_id = ${userId}::uuid`;

/** Those of the others with whom a person shares a chat now. */
export const companions = (userId: UserId, others: readonly UserId[]) =>
  sql<{ userId: UserId }>`select distinct theirs.user_id
    from members mine
    join members theirs using (chat_id)
    join chats using (chat_id)
    where mine.user_id = ${userId}::uuid and theirs.user_id = any(${others}::uuid[])
      and mine.left_at is null and theirs.left_at is null and chats.deleted_at is null`;
