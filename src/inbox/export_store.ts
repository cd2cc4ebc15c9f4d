import { sql } from "../db/sql.ts";
import type { User } from "../protocol/accounts.ts";
import type { ChatKind, Role } from "../protocol/chats.ts";
import { type DraftRow, preferencesJson } from "../preferences/mod.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import type { ChatPreferences } from "../protocol/preferences.ts";

export interface ExportedChatRow extends DraftRow {
  readonly kind: ChatKind;
  readonly title: string | null;
  readonly peer: User | null;
  readonly made: boolean;
  readonly role: Role;
  readonly joinedAt: Date;
  readonly leftAt: Date | null;
  readonly deletedAt: Date | null;
  readonly deliveredSeq: number;
  readonly readSeq: number;
  readonly preferences: ChatPreferences | null;
}

/** A page of the chats a person is or was in, by id. */
export const exportedChats = (
  userId: UserId,
  after: ChatId | null,
  limit: number,
) =>
  sql<ExportedChatRow>`select m.chat_id, c.kind,
      case when m.left_at is null and c.deleted_at is null then c.title end as title,
      case when c.kind = 'direct' then (
        select json_build_object('userId', u.user_id, 'username', u.username,
          'displayName', u.display_name, 'about', u.public_about)
        from members other join users u using (user_id)
        where other.chat_id = m.chat_id and other.user_id <> m.user_id
      ) end as peer,
      c.created_by = m.user_id as made, m.role, m.joined_at, m.left_at, c.deleted_at,
      coalesce(r.delivered_seq, 0) as delivered_seq, coalesce(r.read_seq, 0) as read_seq,
      ${preferencesJson} as preferences, m.user_id, p.draft_key_version,
      case when c.deleted_at is null then p.draft_sealed end as draft_sealed
    from members m
    join chats c using (chat_id)
    left join receipts r on r.chat_id = m.chat_id and r.user_id = m.user_id
    left join chat_preferences p on p.user_id = m.user_id and p.chat_id = m.chat_id
    where m.user_id = ${userId}::uuid and ${
    after === null ? sql`true` : sql`m.chat_id > ${after}::uuid`
  } order by m.chat_id limit ${limit}`;

export interface ChatLength {
  readonly chatId: ChatId;
  readonly lastSeq: number;
  /** Up to here the person has cleared it. */
  readonly clearedSeq: number;
  readonly deleted: boolean;
}

/** How long each chat is in which a person is or was, what of it is left, and whether it can be opened. */
export const chatLengths = (
  userId: UserId,
  after: ChatId | null,
  limit: number,
) =>
  sql<
    ChatLength
  >`select m.chat_id, h.last_seq, coalesce(p.cleared_seq, 0) as cleared_seq,
      c.deleted_at is not null as deleted
    from members m
    join chats c using (chat_id)
    join heads h on h.scope_id = m.chat_id
    left join chat_preferences p on p.user_id = m.user_id and p.chat_id = m.chat_id
    where m.user_id = ${userId}::uuid and ${
    after === null ? sql`true` : sql`m.chat_id > ${after}::uuid`
  } order by m.chat_id limit ${limit}`;

/** When a person was here last. */
export const seenAt = (userId: UserId) =>
  sql<
    { seenAt: Date }
  >`select seen_at from last_seen where user_id = ${userId}::uuid`;
