import type { Table } from "../changes/mod.ts";
import { erasedAtOnce } from "../db/in_batches.ts";
import { sql, type Statement, table } from "../db/sql.ts";
import type { TimePlace } from "../db/time_cursor.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { hasNotEnded } from "./store.ts";

export interface BanRow {
  readonly chatId: ChatId;
  readonly userId: UserId;
  readonly bannedBy: UserId;
  readonly bannedAt: Date;
  /** false once lifted. */
  readonly isActive: boolean;
}

type BanKey = Pick<BanRow, "chatId" | "userId">;
const keyTypes = { chatId: "uuid", userId: "uuid" } as const;
const columns = sql`chat_id, user_id, banned_by, banned_at`;

/** Who cannot come into which chat. */
export const bans: Table<BanKey, BanRow> = {
  name: "bans",
  id: ({ chatId, userId }) => `${chatId}/${userId}`,
  load: (keys) =>
    sql<BanRow>`select ${columns}, true as is_active
      from bans join ${table(keys, keyTypes)} k (chat_id, user_id)
      using (chat_id, user_id)`,
  save(rows) {
    const active = rows.filter(({ isActive }) => isActive);
    const lifted = rows.filter(({ isActive }) => !isActive);
    return [
      ...(active.length === 0 ? [] : [
        sql`insert into bans (${columns}) select n.* from ${
          table(active, {
            ...keyTypes,
            bannedBy: "uuid",
            bannedAt: "timestamptz",
          })
        } n (${columns}) where ${hasNotEnded}
          on conflict (chat_id, user_id) do update
          set banned_by = excluded.banned_by, banned_at = excluded.banned_at`,
      ]),
      ...(lifted.length === 0 ? [] : [
        sql`delete from bans b using ${
          table(lifted, keyTypes)
        } k (chat_id, user_id)
          where b.chat_id = k.chat_id and b.user_id = k.user_id`,
      ]),
    ];
  },
};

export interface ShownBanRow extends Omit<BanRow, "chatId" | "isActive"> {
  readonly username: string | null;
  readonly displayName: string;
}

/** A page of those who are banned, the latest ban first. */
export const banPage = (
  chatId: ChatId,
  after: TimePlace<UserId> | null,
  limit: number,
): Statement<ShownBanRow> =>
  sql<
    ShownBanRow
  >`select user_id, banned_by, banned_at, username, display_name
    from bans join users using (user_id)
    where chat_id = ${chatId}::uuid and ${
    after === null
      ? sql`true`
      : sql`(banned_at, user_id) < (${after.at}::timestamptz, ${after.id}::uuid)`
  } order by banned_at desc, user_id desc limit ${limit}`;

/** A deleted account can come into no chat anyway. */
export const eraseBansOf = (userId: UserId): Statement<{ erased: number }> =>
  sql<{ erased: number }>`with gone as (
      delete from bans where user_id = ${userId}::uuid and chat_id in (
        select chat_id from bans where user_id = ${userId}::uuid
        limit ${erasedAtOnce})
      returning 1
    )
    select count(*) as erased from gone`;
