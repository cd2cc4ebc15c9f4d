import {
  type Put,
  put,
  type Read,
  reads,
  type State,
  type Table,
} from "../changes/mod.ts";
import { sql, type Statement, table } from "../db/sql.ts";
import type { TimePlace } from "../db/time_cursor.ts";
import type { ChatKind } from "../protocol/chats.ts";
import type { ChatId, InviteId, UserId } from "../protocol/ids.ts";
import { hasNotEnded } from "./store.ts";

export interface InviteRow {
  readonly chatId: ChatId;
  readonly inviteId: InviteId;
  readonly codeHash: Uint8Array;
  readonly keyVersion: number;
  readonly sealedCode: Uint8Array;
  readonly createdBy: UserId;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly maxUses: number | null;
  /** Who came in by it, and who waits to. */
  readonly uses: number;
  readonly needsApproval: boolean;
  /** Revoked ones are gone. */
  readonly isRevoked: boolean;
}

export type InviteKey = Pick<InviteRow, "chatId" | "inviteId">;

/** Names whichever invitation somebody waits by, which is not known before the lock. */
interface WaitedKey {
  readonly chatId: ChatId;
  readonly waitedBy: UserId;
}

const inviteColumns =
  sql`chat_id, invite_id, code_hash, key_version, sealed_code, created_by,
  created_at, expires_at, max_uses, uses, needs_approval`;

const keyTypes = { chatId: "uuid", inviteId: "uuid" } as const;
const waitedTypes = { chatId: "uuid", waitedBy: "uuid" } as const;
const requestTypes = { chatId: "uuid", userId: "uuid" } as const;

export const invites: Table<InviteKey | WaitedKey, InviteRow> = {
  name: "invites",
  id: (key) =>
    "inviteId" in key
      ? `${key.chatId}/${key.inviteId}`
      : `${key.chatId}/by/${key.waitedBy}`,
  load(keys) {
    const named = keys.filter((key) => "inviteId" in key);
    const waited = keys.filter((key) => !("inviteId" in key));
    return sql<
      InviteRow
    >`select ${inviteColumns}, false as is_revoked from invites
      where (chat_id, invite_id) in (
        select * from ${table(named, keyTypes)}
        union
        select chat_id, invite_id from join_requests
        join ${table(waited, waitedTypes)} k (chat_id, user_id)
        using (chat_id, user_id))`;
  },
  save(rows) {
    const valid = rows.filter(({ isRevoked }) => !isRevoked);
    const revoked = rows.filter(({ isRevoked }) => isRevoked);
    return [
      ...(valid.length === 0 ? [] : [
        sql`insert into invites (${inviteColumns}) select n.* from ${
          table(valid, {
            ...keyTypes,
            codeHash: "bytea",
            keyVersion: "integer",
            sealedCode: "bytea",
            createdBy: "uuid",
            createdAt: "timestamptz",
            expiresAt: "timestamptz",
            maxUses: "integer",
            uses: "integer",
            needsApproval: "boolean",
          })
        } n (${inviteColumns}) where ${hasNotEnded}
          on conflict (chat_id, invite_id) do update set uses = excluded.uses,
            code_hash = excluded.code_hash, key_version = excluded.key_version,
            sealed_code = excluded.sealed_code, created_by = excluded.created_by,
            created_at = excluded.created_at, expires_at = excluded.expires_at,
            max_uses = excluded.max_uses, needs_approval = excluded.needs_approval`,
      ]),
      ...(revoked.length === 0 ? [] : [
        sql`delete from invites i using ${
          table(revoked, keyTypes)
        } k (chat_id, invite_id)
          where i.chat_id = k.chat_id and i.invite_id = k.invite_id`,
      ]),
    ];
  },
};

interface InviteCount {
  readonly chatId: ChatId;
  readonly count: number;
}

/** How many invitations a chat has. */
export const inviteCounts: Table<Pick<InviteCount, "chatId">, InviteCount> = {
  name: "inviteCounts",
  id: ({ chatId }) => chatId,
  load: (keys) =>
    sql<InviteCount>`select chat_id, count(*) from invites
      where chat_id = any(${keys.map(({ chatId }) => chatId)}::uuid[])
      group by chat_id`,
  save: () => [],
};

export interface JoinRequestRow {
  readonly chatId: ChatId;
  readonly userId: UserId;
  readonly inviteId: InviteId;
  readonly requestedAt: Date;
  /** Answered or withdrawn ones are gone. */
  readonly isOpen: boolean;
}

type JoinRequestKey = Pick<JoinRequestRow, "chatId" | "userId">;

const requestColumns = sql`chat_id, user_id, invite_id, requested_at`;

export const joinRequests: Table<JoinRequestKey, JoinRequestRow> = {
  name: "joinRequests",
  id: ({ chatId, userId }) => `${chatId}/${userId}`,
  load: (keys) =>
    sql<JoinRequestRow>`select chat_id, user_id, invite_id, requested_at,
        true as is_open from join_requests
      join ${table(keys, requestTypes)} k (chat_id, user_id)
      using (chat_id, user_id)`,
  save(rows) {
    const open = rows.filter(({ isOpen }) => isOpen);
    const gone = rows.filter(({ isOpen }) => !isOpen);
    return [
      ...(open.length === 0 ? [] : [
        sql`insert into join_requests (${requestColumns}) select n.* from ${
          table(open, {
            ...requestTypes,
            inviteId: "uuid",
            requestedAt: "timestamptz",
          })
        } n (${requestColumns}) where ${hasNotEnded}
          on conflict (chat_id, user_id) do update
          set invite_id = excluded.invite_id, requested_at = excluded.requested_at`,
      ]),
      ...(gone.length === 0 ? [] : [
        sql`delete from join_requests r using ${
          table(gone, requestTypes)
        } k (chat_id, user_id)
          where r.chat_id = k.chat_id and r.user_id = k.user_id`,
      ]),
    ];
  },
};

/** What `endWaiting` reads. */
export const waitReads = (
  chatId: ChatId,
  userIds: readonly UserId[],
): Read[] => [
  reads(joinRequests, userIds.map((userId) => ({ chatId, userId }))),
  reads(invites, userIds.map((waitedBy) => ({ chatId, waitedBy }))),
];

/**
 * Whoever waits does so no longer, and has not come in by the invitation, which has one more use left.
 * Needs the rows of `waitReads`.
 */
export function endWaiting(
  state: State,
  chatId: ChatId,
  userId: UserId,
): Put[] {
  const waiting = state.get(joinRequests, { chatId, userId });
  if (!waiting?.isOpen) return [];
  const invite = state.get(invites, waiting);
  return [
    put(joinRequests, { ...waiting, isOpen: false }),
    ...(invite
      ? [put(invites, { ...invite, uses: Math.max(0, invite.uses - 1) })]
      : []),
  ];
}

/** An invitation and the chat it leads to, as its holder finds them. */
export interface FoundInvite extends InviteKey {
  readonly createdBy: UserId;
  readonly kind: ChatKind;
  readonly title: string;
  readonly about: string;
  readonly memberCount: number;
  readonly needsApproval: boolean;
  readonly expiresAt: Date | null;
  readonly maxUses: number | null;
  readonly uses: number;
}

export const inviteOfCode = (
  codeHash: Uint8Array,
): Statement<FoundInvite> =>
  sql<
    FoundInvite
  >`select chat_id, invite_id, invites.created_by, kind, title, about, member_count,
      needs_approval, expires_at, max_uses, uses
    from invites join chats using (chat_id)
    where code_hash = ${codeHash}::bytea and deleted_at is null`;

/** A page of a chat's invitations, the oldest first. */
export const invitePage = (
  chatId: ChatId,
  after: TimePlace<InviteId> | null,
  limit: number,
): Statement<InviteRow> =>
  sql<InviteRow>`select ${inviteColumns}, false as is_revoked from invites
    where chat_id = ${chatId}::uuid and ${
    after === null
      ? sql`true`
      : sql`(created_at, invite_id) > (${after.at}::timestamptz, ${after.id}::uuid)`
  } order by created_at, invite_id limit ${limit}`;

export interface WaitingRow {
  readonly userId: UserId;
  readonly username: string | null;
  readonly displayName: string;
  readonly about: string;
  readonly inviteId: InviteId;
  readonly requestedAt: Date;
}

/** A page of those who wait to be let into a chat, the longest waiting first. */
export const waitingPage = (
  chatId: ChatId,
  after: TimePlace<UserId> | null,
  limit: number,
): Statement<WaitingRow> =>
  sql<
    WaitingRow
  >`select user_id, username, display_name, public_about as about, invite_id, requested_at
    from join_requests join users using (user_id)
    where chat_id = ${chatId}::uuid and ${
    after === null
      ? sql`true`
      : sql`(requested_at, user_id) > (${after.at}::timestamptz, ${after.id}::uuid)`
  } order by requested_at, user_id limit ${limit}`;

/** A page of the chats that a person waits to be let into, by id. */
export const waitsOf = (
  userId: UserId,
  after: ChatId | null,
  limit: number,
): Statement<Pick<JoinRequestRow, "chatId" | "requestedAt">> =>
  sql<
    Pick<JoinRequestRow, "chatId" | "requestedAt">
  >`select chat_id, requested_at from join_requests
    where user_id = ${userId}::uuid and ${
    after === null ? sql`true` : sql`chat_id > ${after}::uuid`
  } order by chat_id limit ${limit}`;
