import { presentUser, users } from "../accounts/mod.ts";
import {
  type Command,
  type Numbers,
  put,
  reads,
  type State,
} from "../changes/mod.ts";
import type { UserId } from "../protocol/ids.ts";
import { limits } from "../protocol/limits.ts";
import { Problem } from "../protocol/problem.ts";
import { banReads, refuseBanned } from "./bans.ts";
import { plainRole } from "./channel_rules.ts";
import {
  endWaiting,
  type FoundInvite,
  type InviteKey,
  invites,
  joinRequests,
  waitReads,
} from "./invite_store.ts";
import { join } from "./membership.ts";
import type { Narration } from "./narration.ts";
import { accessKeys } from "./rules.ts";
import { type ChatRow, chats, members } from "./store.ts";

export type Redeemed = "joined" | "waiting";

/**
 * Comes in by an invitation, or waits to be let in. Decided under the chat's lock: of those who use the
 * last of an invitation's uses at the same moment one comes in. Whoever is in, or waits, uses none.
 */
export function redeemInvite(
  narration: Narration,
  { chatId, inviteId }: InviteKey,
  userId: UserId,
  now: Date,
): Command<Redeemed> {
  const keys = accessKeys(chatId, userId);
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
      if (state.get(members, { chatId, userId })?.leftAt === null) {
        return { reply: "joined" };
      }
      const waiting = state.get(joinRequests, { chatId, userId });
      if (waiting?.isOpen && invite.needsApproval) return { reply: "waiting" };
      const refusal = refuseBanned(state, chatId, [userId]) ??
        refuseSpent(invite, now) ?? refuseFull(chat);
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

/** One person comes in, let in `by` another or by herself; a group is told. */
export function comeIn(
  state: State,
  numbers: Numbers,
  narration: Narration,
  chat: ChatRow,
  userId: UserId,
  by: UserId,
) {
  const step = join(state, numbers, chat, userId, plainRole(chat.kind));
  const told = chat.kind === "group" && step.isTold
    ? narration.tell(numbers, by, {
      type: "system",
      event: "memberJoined",
      userIds: [userId],
    })
    : { rows: [], events: [] };
  return {
    member: step.member,
    rows: [...step.rows, ...told.rows],
    events: [...step.events, step.welcome(step.chat), ...told.events],
  };
}

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

export function refuseFull(
  { kind, memberCount }: ChatRow,
): Problem | undefined {
  if (kind !== "group" || memberCount < limits.groupMembers) return undefined;
  return new Problem("conflict", {
    detail: `A group has at most ${limits.groupMembers} members`,
  });
}
