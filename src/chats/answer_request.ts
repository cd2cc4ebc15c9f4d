import { presentUser, users } from "../accounts/mod.ts";
import { type Command, put, reads } from "../changes/mod.ts";
import type { Member } from "../protocol/chats.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { banReads, refuseBanned } from "./bans.ts";
import { endWaiting, joinRequests, waitReads } from "./invite_store.ts";
import type { Narration } from "./narration.ts";
import { comeIn, refuseFull } from "./membership.ts";
import { admitWithRight } from "./rights.ts";
import { accessKeys } from "./rules.ts";
import { chats, members } from "./store.ts";

/** Lets somebody in who waits for it. */
export function acceptRequest(
  narration: Narration,
  chatId: ChatId,
  by: UserId,
  userId: UserId,
): Command<Member> {
  const keys = accessKeys(chatId, by, userId);
  return {
    scopes: [chatId, userId],
    reads: [
      reads(chats, keys.chat),
      reads(members, keys.members),
      reads(users, [{ userId }]),
      reads(joinRequests, [{ chatId, userId }]),
      banReads(chatId, [userId]),
    ],
    prepare: narration.prepare,
    decide(state) {
      const access = admitWithRight(state, chatId, by, "inviteMembers");
      if (access instanceof Problem) return access;
      const request = state.get(joinRequests, { chatId, userId });
      const isIn = state.get(members, { chatId, userId })?.leftAt === null;
      if (!request?.isOpen || isIn || !presentUser(state, userId)) {
        return new Problem("not_found");
      }
      const full = refuseBanned(state, chatId, [userId]) ??
        refuseFull(access.chat);
      if (full) return full;
      return {
        fact(numbers) {
          const { chat } = access;
          const came = comeIn(state, numbers, narration, chat, userId, by);
          return {
            rows: [
              ...came.rows,
              put(joinRequests, { ...request, isOpen: false }),
            ],
            events: came.events,
            reply: came.member,
          };
        },
      };
    },
  };
}

/** Somebody who waits is not let in, or waits no longer. */
export function endRequest(
  chatId: ChatId,
  by: UserId,
  userId: UserId,
): Command<void> {
  const keys = accessKeys(chatId, by);
  return {
    scopes: [chatId],
    reads: [
      reads(chats, keys.chat),
      reads(members, keys.members),
      ...waitReads(chatId, [userId]),
    ],
    decide(state) {
      if (by !== userId) {
        const access = admitWithRight(state, chatId, by, "inviteMembers");
        if (access instanceof Problem) return access;
      }
      const rows = endWaiting(state, chatId, userId);
      if (rows.length === 0) return new Problem("not_found");
      return { fact: () => ({ rows, events: [], reply: undefined }) };
    },
  };
}
