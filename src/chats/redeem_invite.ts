import { presentUser, users } from "../accounts/mod.ts";
import { type Command, put, reads } from "../changes/mod.ts";
import type { UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { banReads, refuseBanned } from "./bans.ts";
import {
  endWaiting,
  type FoundInvite,
  type InviteKey,
  invites,
  joinRequests,
  waitReads,
} from "./invite_store.ts";
import { comeIn, refuseFull } from "./membership.ts";
import type { Narration } from "./narration.ts";
import { hasRight } from "./rights.ts";
import { accessKeys } from "./rules.ts";
import { chats, type MemberRow, members } from "./store.ts";

export type Redeemed = "joined" | "waiting";

/**
 * Comes in by an invitation, or waits to be let in. Decided under the chat's lock: of those who use the
 * last of an invitation's uses at the same moment one comes in. Whoever is in, or waits, uses none.
 */
export function redeemInvite(
  narration: Narration,
  { chatId, inviteId, createdBy }: Pick<
    FoundInvite,
    keyof InviteKey | "createdBy"
  >,
  userId: UserId,
): Command<Redeemed> {
  const keys = accessKeys(chatId, userId, createdBy);
  const key = { chatId, inviteId };
  return {
    scopes: [chatId, userId],
    reads: [
      reads(chats, keys.chat),
      reads(members, keys.members),
      reads(users, [{ userId }]),
      reads(invites, [key]),
      ...waitReads(chatId, [userId]),
      banReads(chatId, [userId]),
    ],
    prepare: narration.prepare,
    decide(state) {
      const chat = state.get(chats, { chatId });
      const invite = state.get(invites, key);
      if (
        !chat || chat.deletedAt !== null || !invite || invite.isRevoked ||
        !presentUser(state, userId)
      ) return new Problem("not_found");
      const maker = state.get(members, { chatId, userId: invite.createdBy });
      if (!mayStillInvite(maker)) return new Problem("not_found");
      if (state.get(members, { chatId, userId })?.leftAt === null) {
        return { reply: "joined" };
      }
      const waiting = state.get(joinRequests, { chatId, userId });
      if (waiting?.isOpen && invite.needsApproval) return { reply: "waiting" };
      const refusal = refuseBanned(state, chatId, [userId]) ??
        refuseSpent(invite, state.now) ?? refuseFull(chat);
      if (refusal) return refusal;
      const used = put(invites, { ...invite, uses: invite.uses + 1 });
      if (invite.needsApproval) {
        return {
          fact: ({ now }) => ({
            rows: [
              used,
              put(joinRequests, {
                ...key,
                userId,
                requestedAt: now,
                isOpen: true,
              }),
            ],
            events: [],
            reply: "waiting",
          }),
        };
      }
      return {
        fact(numbers) {
          const came = comeIn(state, numbers, narration, chat, userId, userId);
          return {
            rows: [
              ...came.rows,
              ...endWaiting(state, chatId, userId),
              used,
            ],
            events: came.events,
            reply: "joined",
          };
        },
      };
    },
  };
}

/** Whether the maker of an invitation could make it now: it opens the chat no longer than that. */
export const mayStillInvite = (maker: MemberRow | undefined) =>
  maker?.leftAt === null && hasRight(maker, "inviteMembers");

/** Whether an invitation has come to its end by itself. */
export function refuseSpent(
  { expiresAt, maxUses, uses }: Pick<
    FoundInvite,
    "expiresAt" | "maxUses" | "uses"
  >,
  now: Date,
): Problem | undefined {
  if (expiresAt !== null && expiresAt <= now) {
    return new Problem("conflict", { detail: "The invitation has run out" });
  }
  if (maxUses !== null && uses >= maxUses) {
    return new Problem("conflict", { detail: "The invitation is used up" });
  }
}
