import { presentUser, users } from "../accounts/mod.ts";
import { type Command, put, reads } from "../changes/mod.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { bans } from "./ban_store.ts";
import { banReads } from "./bans.ts";
import { endWaiting, waitReads } from "./invite_store.ts";
import { leave } from "./membership.ts";
import { type Narration, tellIf } from "./narration.ts";
import { admitWithRight } from "./rights.ts";
import { accessKeys, forbidden, outranks } from "./rules.ts";
import { chats, members } from "./store.ts";

/**
 * Keeps a person out until unbanned, and takes her out now; whoever waits to be let in waits no longer.
 * Repeating it changes nothing.
 */
export function banMember(
  narration: Narration,
  chatId: ChatId,
  by: UserId,
  userId: UserId,
): Command<void> {
  const keys = accessKeys(chatId, by, userId);
  const key = { chatId, userId };
  return {
    scopes: [chatId, userId],
    reads: [
      reads(chats, keys.chat),
      reads(members, keys.members),
      reads(users, [{ userId }]),
      banReads(chatId, [userId]),
      ...waitReads(chatId, [userId]),
    ],
    prepare: narration.prepare,
    decide(state) {
      const access = admitWithRight(state, chatId, by, "banMembers");
      if (access instanceof Problem) return access;
      if (!presentUser(state, userId)) return new Problem("not_found");
      const target = state.get(members, key);
      const isIn = target?.leftAt === null;
      if (isIn && !outranks(access.member.role, target.role)) {
        return forbidden("Only members of a lower role can be banned");
      }
      if (state.get(bans, key)?.isActive) return { reply: undefined };
      return {
        fact(numbers) {
          const rows = [
            put(bans, {
              ...key,
              bannedBy: by,
              bannedAt: numbers.now,
              isActive: true,
            }),
            ...endWaiting(state, chatId, userId),
          ];
          if (!isIn) return { rows, events: [], reply: undefined };
          const step = leave(state, numbers, access.chat, target);
          const isTold = step.isTold && access.chat.kind === "group";
          const told = tellIf(narration, isTold, numbers, by, {
            type: "system",
            event: "memberRemoved",
            userId,
          });
          return {
            rows: [...rows, ...step.rows, ...told.rows],
            events: [...step.events, ...told.events],
            reply: undefined,
          };
        },
      };
    },
  };
}
