import { users } from "../accounts/mod.ts";
import {
  type Announced,
  type Command,
  type Numbers,
  type Put,
  put,
  reads,
  Stale,
  type State,
} from "../changes/mod.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { changeRole, leave } from "./membership.ts";
import { type Narration, tellIf } from "./narration.ts";
import { refuseUnlessRight } from "./rights.ts";
import {
  type Access,
  accessKeys,
  admit,
  directIsFixed,
  forbidden,
  outranks,
} from "./rules.ts";
import { chats, type Heir, type MemberRow, members } from "./store.ts";

/**
 * Takes a person out of a group: oneself, or somebody weaker as an admin. A leaving owner hands the
 * group to the next in line; with the last member the group ends.
 *
 * `heirs` are the people who may inherit, read before: their rows have to be named to be seen.
 * Somebody who `departs` has deleted the account and goes from direct chats too.
 */
export function removeMember(
  narration: Narration,
  chatId: ChatId,
  by: UserId,
  userId: UserId,
  heirs: readonly Heir[],
  { departs = false } = {},
): Command<void> {
  const candidates = heirs.map((heir) => heir.userId);
  const locked = heirs.filter(({ isLocked }) => isLocked);
  const keys = accessKeys(chatId, by, userId, ...candidates);
  return {
    scopes: [chatId, userId, ...locked.map((heir) => heir.userId)],
    reads: [
      reads(chats, keys.chat),
      reads(members, keys.members),
      reads(users, [userId, ...candidates].map((id) => ({ userId: id }))),
    ],
    prepare: narration.prepare,
    decide(state) {
      const access = admit(state, chatId, by);
      if (access instanceof Problem) return access;
      if (access.chat.kind === "direct" && !departs) return directIsFixed();
      const target = state.get(members, { chatId, userId });
      if (!target || target.leftAt !== null) return new Problem("not_found");
      const refusal = userId === by ? undefined : refuseRemoval(access, target);
      if (refusal) return refusal;

      const heir = target.role === "owner"
        ? heirAmong(state, chatId, candidates)
        : undefined;
      if (target.role === "owner" && !heir && access.chat.memberCount > 1) {
        return new Stale("The members changed while the owner was leaving");
      }
      return {
        fact: (numbers) =>
          left(state, numbers, narration, access, target, heir),
      };
    },
  };
}

function refuseRemoval(access: Access, target: MemberRow): Problem | undefined {
  const refusal = refuseUnlessRight(access, "banMembers");
  if (refusal) return refusal;
  if (!outranks(access.member.role, target.role)) {
    return forbidden("Only members of a lower role can be removed");
  }
}

/** The next in line of those candidates who are members now: they were read before the lock. */
function heirAmong(
  state: State,
  chatId: ChatId,
  candidates: readonly UserId[],
) {
  const inLine = candidates
    .flatMap((userId) => state.get(members, { chatId, userId }) ?? [])
    .filter(({ leftAt, role }) => leftAt === null && role !== "owner");
  return inLine.sort(byStanding)[0];
}

const byStanding = (a: MemberRow, b: MemberRow) =>
  Number(outranks(b.role, a.role)) - Number(outranks(a.role, b.role)) ||
  a.joinedAt.getTime() - b.joinedAt.getTime() ||
  (a.userId < b.userId ? -1 : 1);

function left(
  state: State,
  numbers: Numbers,
  narration: Narration,
  { chat: before, member: { userId: by } }: Access,
  target: MemberRow,
  heir: MemberRow | undefined,
) {
  const rows: Put[] = [];
  const events: Announced[] = [];
  // The heir first: at no rev is the group without an owner.
  if (heir) {
    const step = changeRole(state, numbers, before, heir, "owner");
    rows.push(...step.rows);
    events.push(...step.events);
    const told = tellIf(narration, before.kind === "group", numbers, by, {
      type: "system",
      event: "ownerChanged",
      userId: heir.userId,
    });
    rows.push(...told.rows);
    events.push(...told.events);
  }
  const { chat, ...step } = leave(state, numbers, before, target);
  rows.push(...step.rows);
  events.push(...step.events);
  if (chat.memberCount === 0) {
    rows.push(put(chats, { ...chat, deletedAt: numbers.now }));
  } else {
    const told = tellIf(
      narration,
      chat.kind === "group" && step.isTold,
      numbers,
      by,
      target.userId === by
        ? { type: "system", event: "memberLeft" }
        : { type: "system", event: "memberRemoved", userId: target.userId },
    );
    rows.push(...told.rows);
    events.push(...told.events);
  }
  return { rows, events, reply: undefined };
}
