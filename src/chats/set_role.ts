import { users } from "../accounts/mod.ts";
import { type Command, reads } from "../changes/mod.ts";
import type { Member, Role } from "../protocol/chats.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { refuseRole } from "./channel_rules.ts";
import { changeRole } from "./membership.ts";
import type { Narration } from "./narration.ts";
import { accessKeys, admit, directIsFixed, forbidden } from "./rules.ts";
import { memberOf } from "./shape.ts";
import { chats, members } from "./store.ts";

/**
 * The owner makes and unmakes admins. Naming another person owner hands the group over: the owner
 * becomes an admin, so that there is exactly one at every rev but the one in between.
 */
export function setRole(
  narration: Narration,
  chatId: ChatId,
  by: UserId,
  userId: UserId,
  role: Role,
): Command<Member> {
  const keys = accessKeys(chatId, by, userId);
  return {
    scopes: [chatId, by, userId],
    reads: [
      reads(chats, keys.chat),
      reads(members, keys.members),
      reads(users, [{ userId: by }, { userId }]),
    ],
    prepare: narration.prepare,
    decide(state) {
      const access = admit(state, chatId, by);
      if (access instanceof Problem) return access;
      if (access.chat.kind === "direct") return directIsFixed();
      const target = state.get(members, { chatId, userId });
      if (!target || target.leftAt !== null) return new Problem("not_found");
      if (access.member.role !== "owner") {
        return forbidden("Only the owner may change roles");
      }
      const unfit = refuseRole(access.chat, role);
      if (unfit) return unfit;
      if (target.role === role) {
        return { reply: memberOf(target, state.get(users, { userId })!) };
      }
      if (userId === by) {
        return forbidden("An owner cannot step down, only hand the group over");
      }
      return {
        fact(numbers) {
          const { chat } = access;
          const raised = changeRole(state, numbers, chat, target, role);
          if (role !== "owner") return { ...raised, reply: raised.member };
          const lowered = changeRole(
            state,
            numbers,
            chat,
            access.member,
            "admin",
          );
          const told = chat.kind === "group"
            ? narration.tell(numbers, by, {
              type: "system",
              event: "ownerChanged",
              userId,
            })
            : { rows: [], events: [] };
          return {
            rows: [...raised.rows, ...lowered.rows, ...told.rows],
            events: [...raised.events, ...lowered.events, ...told.events],
            reply: raised.member,
          };
        },
      };
    },
  };
}
