import type { Table } from "../changes/mod.ts";
import { erasedAtOnce } from "../db/in_batches.ts";
import { sql, type Statement, table } from "../db/sql.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import type { ChatPreferences, NotifyLevel } from "../protocol/preferences.ts";

export interface PreferencesRow {
  readonly userId: UserId;
  readonly chatId: ChatId;
  readonly accountRev: number;
  readonly mutedUntil: Date | null;
  readonly notify: NotifyLevel;
  readonly pinned: boolean;
  readonly archived: boolean;
  readonly markedUnread: boolean;
  readonly clearedSeq: number;
  readonly notifiedSeq: number;
  readonly draftKeyVersion: number | null;
  readonly draftSealed: Uint8Array | null;
}

export type PreferencesKey = Pick<PreferencesRow, "userId" | "chatId">;

const columns = sql`user_id, chat_id, account_rev, muted_until, notify, pinned,
  archived, marked_unread, cleared_seq, notified_seq, draft_key_version, draft_sealed`;

export const preferences: Table<PreferencesKey, PreferencesRow> = {
  name: "chatPreferences",
  id: ({ userId, chatId }) => `${userId}/${chatId}`,
  load: (keys) =>
    sql<PreferencesRow>`select ${columns} from chat_preferences
      join ${
      table(keys, { userId: "uuid", chatId: "uuid" })
    } k (user_id, chat_id)
      using (user_id, chat_id)`,
  save: (rows) => [
    sql`insert into chat_preferences (${columns}) select * from ${
      table(rows, {
        userId: "uuid",
        chatId: "uuid",
        accountRev: "bigint",
        mutedUntil: "timestamptz",
        notify: "text",
        pinned: "boolean",
        archived: "boolean",
        markedUnread: "boolean",
        clearedSeq: "bigint",
        notifiedSeq: "bigint",
        draftKeyVersion: "integer",
        draftSealed: "bytea",
      })
    } on conflict (user_id, chat_id) do update set account_rev = excluded.account_rev,
      muted_until = excluded.muted_until, notify = excluded.notify,
      pinned = excluded.pinned, archived = excluded.archived,
      marked_unread = excluded.marked_unread, cleared_seq = excluded.cleared_seq,
      notified_seq = excluded.notified_seq, draft_key_version = excluded.draft_key_version,
      draft_sealed = excluded.draft_sealed`,
  ],
};

/** The `seq` up to which a person has cleared a chat: an expression. */
export const clearedSeq = (
  userId: UserId,
  chatId: ChatId | Statement<unknown>,
): Statement<unknown> =>
  sql`coalesce((select cleared_seq from chat_preferences
    where user_id = ${userId}::uuid and chat_id = ${chatId}::uuid), 0)`;

/**
 * `ChatPreferences` out of a row that was joined as `p`, null where there is none: an expression.
 */
export const preferencesJson: Statement<
  { preferences: ChatPreferences | null }
> = sql`case when p.user_id is not null then json_build_object(
    'accountRev', p.account_rev, 'mutedUntil', to_char(p.muted_until at time zone 'UTC',
      'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'notify', p.notify, 'pinned', p.pinned, 'archived', p.archived,
    'markedUnread', p.marked_unread, 'clearedSeq', p.cleared_seq,
    'notifiedSeq', p.notified_seq) end`;

export interface DraftRow {
  readonly chatId: ChatId;
  readonly userId: UserId;
  readonly draftKeyVersion: number | null;
  readonly draftSealed: Uint8Array | null;
}

/** What was drafted in the chats whose preferences changed after an account's `rev`, oldest change first. */
export const draftsSince = (userId: UserId, rev: number, limit: number) =>
  sql<DraftRow & { rev: number }>`select account_rev as rev, chat_id, user_id,
      case when present then draft_key_version end as draft_key_version,
      case when present then draft_sealed end as draft_sealed
    from chat_preferences p cross join lateral (
      select exists (select from members join chats using (chat_id)
        where chat_id = p.chat_id and members.user_id = p.user_id
          and left_at is null and deleted_at is null) as present
    ) m
    where user_id = ${userId}::uuid and account_rev > ${rev}
    order by account_rev limit ${limit}`;

export const erasePreferencesOf = (userId: UserId) =>
  sql<{ erased: number }>`with batch as (
      select chat_id from chat_preferences where user_id = ${userId}::uuid
      limit ${erasedAtOnce}
    ), gone as (
      delete from chat_preferences p using batch
      where p.user_id = ${userId}::uuid and p.chat_id = batch.chat_id
      returning 1
    )
    select count(*) as erased from gone`;
