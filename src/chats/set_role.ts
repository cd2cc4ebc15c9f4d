import { users } from "../accounts/mod.ts";
import { type Command, reads } from "../changes/mod.ts";
import type { Member, MemberPatch, Role } from "../protocol/chats.ts";
import type { AdminRight } from "../protocol/groups.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { plainRole, refuseRole } from "./channel_rules.ts";
import { changeRole } from "./membership.ts";
import { type Narration, tellIf } from "./narration.ts";
import {
  hasRight,
  holds,
  rightsOf,
  sorted,
  standsOver,
  usualRights,
} from "./rights.ts";
import {
  type Access,
  accessKeys,
  admit,
  directIsFixed,
  forbidden,
} from "./rules.ts";
import { memberOf } from "./shape.ts";
import { chats, type MemberRow, members } from "./store.ts";

/**
 * Makes and unmakes admins, and says what each may do. When the owner names another person owner, the
 * chat is handed over at once: she becomes an admin, so that there is exactly one owner at every rev but
 * the one in between.
 */
export function setRole(
  narration: Narration,
  chatId: ChatId,
  by: UserId,
  userId: UserId,
  patch: MemberPatch,
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
      const role = patch.role ?? target.role;
      const rights = rightsAfter(access, target, role, patch.rights);
      const after = { role, rights };
      const refusal = refuseStanding(access, target, after) ??
        refuseRole(access.chat, role) ?? refuseRights(role, patch.rights);
      if (refusal) return refusal;
      if (isSame(target, after)) {
        return { reply: memberOf(target, state.get(users, { userId })!) };
      }
      if (target.role === "owner") {
        return forbidden("An owner cannot step down, only hand over");
      }
      return {
        fact(numbers) {
          const { chat } = access;
          const raised = changeRole(state, numbers, chat, target, role, rights);
          if (role !== "owner") return { ...raised, reply: raised.member };
          const lowered = changeRole(
            state,
            numbers,
            chat,
            access.member,
            "admin",
          );
          const isTold = chat.kind === "group";
          const told = tellIf(narration, isTold, numbers, by, {
            type: "system",
            event: "ownerChanged",
            userId,
          });
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

interface Standing {
  readonly role: Role;
  readonly rights: readonly AdminRight[] | null;
}

/** What an admin may do then; of the usual rights nobody gives more than her own. */
function rightsAfter(
  { member }: Access,
  target: MemberRow,
  role: Role,
  wish: readonly AdminRight[] | undefined,
): readonly AdminRight[] | null {
  if (role !== "admin") return null;
  if (wish) return sorted(wish);
  if (target.role === "admin") return target.rights;
  return usualRights.filter((right) => hasRight(member, right));
}

const isSame = (before: Standing, after: Standing) =>
  before.role === after.role &&
  rightsOf(before).join() === rightsOf(after).join();

/** Why the caller may not make this of the member. */
function refuseStanding(
  { chat, member }: Access,
  target: MemberRow,
  after: Standing,
): Problem | undefined {
  if (member.role === "owner") return undefined;
  if (member.userId === target.userId) {
    const stepsDown = after.role === plainRole(chat.kind);
    return stepsDown || isSame(target, after) ? undefined : forbidden(
      "Nobody gives themselves a role or rights, but an admin may step down",
    );
  }
  if (!hasRight(member, "promoteMembers")) {
    return forbidden(
      "Only the owner, and admins with the right promoteMembers, may change roles",
    );
  }
  if (target.role === "owner" || after.role === "owner") {
    return forbidden("Only the owner may hand over");
  }
  if (target.role === "admin" && !standsOver(member, target)) {
    return forbidden(
      "Only admins with fewer rights than your own can be changed",
    );
  }
  if (!holds(member, rightsOf(after))) {
    return forbidden("You can give only rights that you have");
  }
}

function refuseRights(
  role: Role,
  rights: readonly AdminRight[] | undefined,
): Problem | undefined {
  if (rights === undefined || role === "admin") return undefined;
  return new Problem("invalid_input", {
    errors: [{ path: "rights", message: "Only admins are given rights" }],
  });
}
