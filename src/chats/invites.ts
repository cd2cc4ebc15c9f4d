import type { Changes } from "../changes/mod.ts";
import { hashInviteCode, newInviteCode } from "../crypto/invite_codes.ts";
import { openOr } from "../crypto/open_or.ts";
import type { Sealer } from "../crypto/sealer.ts";
import type { Database } from "../db/database.ts";
import { readTimeCursor, writeTimeCursor } from "../db/time_cursor.ts";
import type { Clock } from "../lib/clock.ts";
import type { Member } from "../protocol/chats.ts";
import {
  type ChatId,
  InviteId,
  type MessageId,
  UserId,
} from "../protocol/ids.ts";
import type {
  CreateInvite,
  Invite,
  InvitePreview,
  JoinRequest,
} from "../protocol/invites.ts";
import { type List, type ListQuery, paged } from "../protocol/page.ts";
import { Problem } from "../protocol/problem.ts";
import { acceptRequest, endRequest } from "./answer_request.ts";
import { createInvite } from "./create_invite.ts";
import {
  inviteOfCode,
  invitePage,
  type InviteRow,
  waitingPage,
  type WaitingRow,
} from "./invite_store.ts";
import type { Narrate } from "./narration.ts";
import { readAsMember } from "./read_as_member.ts";
import {
  mayStillInvite,
  type Redeemed,
  redeemInvite,
  refuseSpent,
} from "./redeem_invite.ts";
import { revokeInvite } from "./revoke_invite.ts";
import { hasRight } from "./rights.ts";
import { forbidden } from "./rules.ts";
import { activeMembership, type MemberRow } from "./store.ts";

/** Links into groups and channels, and who waits to be let in. Every verb rejects with a `Problem`. */
export interface Invites {
  create(
    chatId: ChatId,
    by: UserId,
    wish: CreateInvite,
  ): Promise<Invite & { readonly duplicate: boolean }>;
  list(chatId: ChatId, by: UserId, query: ListQuery): Promise<List<Invite>>;
  revoke(chatId: ChatId, by: UserId, inviteId: InviteId): Promise<void>;
  /** What the holder of a code may know. Rejects with `conflict` once it has come to its end. */
  preview(code: string): Promise<InvitePreview>;
  redeem(
    code: string,
    by: UserId,
  ): Promise<{ readonly chatId: ChatId; readonly outcome: Redeemed }>;
  listRequests(
    chatId: ChatId,
    by: UserId,
    query: ListQuery,
  ): Promise<List<JoinRequest>>;
  accept(chatId: ChatId, by: UserId, userId: UserId): Promise<Member>;
  /** Withdraws where `userId` is the caller's own. */
  endRequest(chatId: ChatId, by: UserId, userId: UserId): Promise<void>;
}

export interface InvitesParts {
  readonly db: Database;
  readonly changes: Changes;
  readonly sealer: Pick<Sealer, "seal" | "open">;
  readonly clock: Clock;
  readonly narrate: Narrate;
  newId(): string;
  /** Called for a stored code that does not open. */
  onUnreadable(error: unknown): void;
}

/** Where a code is sealed: as if it were a message with the invitation's id, which no message has. */
const placeOf = (inviteId: InviteId) => inviteId as string as MessageId;

export function createInvites(
  { db, changes, sealer, clock, narrate, newId, onUnreadable }: InvitesParts,
): Invites {
  const now = () => new Date(clock());

  function codeOf(row: InviteRow): Promise<string | null> {
    const { chatId, inviteId, keyVersion, sealedCode: sealed } = row;
    const place = { chatId, messageId: placeOf(inviteId), keyVersion, sealed };
    return openOr<string | null>(null, () => sealer.open(place), onUnreadable);
  }

  const shown = async (row: InviteRow): Promise<Invite> => ({
    inviteId: row.inviteId,
    code: await codeOf(row),
    createdBy: row.createdBy,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    maxUses: row.maxUses,
    uses: row.uses,
    needsApproval: row.needsApproval,
  });

  async function found(code: string) {
    const [[invite]] = await db.run(inviteOfCode(await hashInviteCode(code)));
    if (!invite) throw new Problem("not_found");
    return invite;
  }

  return {
    async create(chatId, by, wish) {
      const { inviteId = newId() as InviteId, expiresAt, ...bounds } = wish;
      if (expiresAt !== null && expiresAt <= now().toISOString()) {
        throw new Problem("invalid_input", {
          errors: [{ path: "expiresAt", message: "Must be in the future" }],
        });
      }
      const { code, codeHash } = await newInviteCode();
      const { row, duplicate } = await changes.submit(createInvite({
        ...bounds,
        chatId,
        inviteId,
        by,
        codeHash,
        expiresAt: expiresAt === null ? null : new Date(expiresAt),
      }, () => sealer.seal(chatId, placeOf(inviteId), code)));
      return { ...await shown(row), duplicate };
    },

    async list(chatId, by, { cursor, limit }) {
      const after = cursor === undefined
        ? null
        : readTimeCursor(cursor, InviteId);
      const [rows] = await readAsMember(
        db,
        { chatId, by, refuse: refuseNotInCharge },
        invitePage(chatId, after, limit + 1),
      );
      return paged(
        await Promise.all(rows.map(shown)),
        limit,
        ({ createdAt, inviteId }) =>
          writeTimeCursor({ at: createdAt, id: inviteId }),
      );
    },

    revoke: (chatId, by, inviteId) =>
      changes.submit(revokeInvite({ chatId, inviteId }, by)),

    async preview(code) {
      const invite = await found(code);
      const [[maker]] = await db.run(
        activeMembership(invite.chatId, invite.createdBy),
      );
      if (!mayStillInvite(maker)) throw new Problem("not_found");
      const spent = refuseSpent(invite, now());
      if (spent) throw spent;
      const { kind, title, about, memberCount, needsApproval } = invite;
      return { kind, title, about, memberCount, needsApproval };
    },

    async redeem(code, by) {
      const invite = await found(code);
      const { chatId } = invite;
      const outcome = await changes.submit(
        redeemInvite(narrate(chatId), invite, by),
      );
      return { chatId, outcome };
    },

    async listRequests(chatId, by, { cursor, limit }) {
      const after = cursor === undefined
        ? null
        : readTimeCursor(cursor, UserId);
      const [rows] = await readAsMember(
        db,
        { chatId, by, refuse: refuseNotInCharge },
        waitingPage(chatId, after, limit + 1),
      );
      return paged(
        rows.map(requestOf),
        limit,
        ({ requestedAt, user }) =>
          writeTimeCursor({ at: requestedAt, id: user.userId }),
      );
    },

    accept: (chatId, by, userId) =>
      changes.submit(acceptRequest(narrate(chatId), chatId, by, userId)),

    endRequest: (chatId, by, userId) =>
      changes.submit(endRequest(chatId, by, userId)),
  };
}

const refuseNotInCharge = (membership: MemberRow) =>
  hasRight(membership, "inviteMembers")
    ? undefined
    : forbidden("Only those who may invite see who was invited");

const requestOf = (
  { inviteId, requestedAt, ...user }: WaitingRow,
): JoinRequest => ({
  user,
  inviteId,
  requestedAt: requestedAt.toISOString(),
});
