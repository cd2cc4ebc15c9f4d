import { presentUser, users } from "../accounts/mod.ts";
import {
  type Announced,
  type Numbers,
  type Put,
  put,
  type State,
} from "../changes/mod.ts";
import type { Member, Role } from "../protocol/chats.ts";
import type { AdminRight } from "../protocol/groups.ts";
import type { UserId } from "../protocol/ids.ts";
import { limits } from "../protocol/limits.ts";
import { Problem } from "../protocol/problem.ts";
import { plainRole } from "./channel_rules.ts";
import { type Narration, tellIf } from "./narration.ts";
import { rightsOf } from "./rights.ts";
import { chatOf, memberOf } from "./shape.ts";
import { type ChatRow, chats, type MemberRow, members } from "./store.ts";

/**
 * Whether the others are told of a person's coming or going. Where not, the step takes no rev of the chat
 * and makes no event in it, so that it costs the same whatever the chat's size: only the count changes,
 * and the person's own account counts it. So it is in channels, and in large groups for those who are
 * not in charge. `larger` is the number of members before or after, whichever is larger.
 */
const isToldOf = ({ kind }: ChatRow, role: Role, larger: number) =>
  kind === "direct" || (kind === "group" &&
    (larger <= limits.toldMembers || role === "owner" || role === "admin"));

/** What a step on a chat's membership leaves behind. */
interface Step {
  readonly chat: ChatRow;
  readonly rows: Put[];
  readonly events: Announced[];
  readonly member: Member;
  /** Whether the others hear of it. */
  readonly isTold: boolean;
}

interface JoinStep extends Step {
  /** Shows the newcomer the chat as it is when all who come together are in. */
  welcome(chat: ChatRow): Announced;
}

/**
 * One person comes in: counted by the chat and by the account, so that both the other members and
 * the person's own devices can tell whether they missed it. Throws `not_found` for an account that was
 * deleted meanwhile: what has left its chats comes into no other.
 */
export function join(
  state: State,
  numbers: Numbers,
  before: ChatRow,
  userId: UserId,
  role: Role,
): JoinStep {
  const user = presentUser(state, userId);
  if (!user) {
    throw new Problem("not_found", { detail: `There is no user ${userId}` });
  }
  const { chatId } = before;
  const memberCount = before.memberCount + 1;
  const isTold = isToldOf(before, role, memberCount);
  const rev = isTold ? numbers.rev(chatId) : before.rev;
  const accountRev = numbers.rev(userId);
  const head = state.head(chatId) ?? { rev: 0, lastSeq: 0 };
  const joinedSeq = head.lastSeq;
  const chat = { ...before, memberCount, rev };
  const isOpen = before.historyForNewcomers === "all";
  const row: MemberRow = {
    chatId,
    userId,
    role,
    joinedAt: numbers.now,
    joinedSeq,
    leftAt: null,
    rev: isTold ? rev : 0,
    accountRev,
    rights: null,
    // Decided when she comes, since what was withheld cannot be told later by rev.
    historyFrom: isOpen ? 0 : joinedSeq,
    // Going and coming again is no way around slow mode.
    lastSentAt: state.get(members, { chatId, userId })?.lastSentAt ?? null,
  };
  const member = memberOf(row, user);
  return {
    chat,
    member,
    isTold,
    rows: [put(chats, chat), put(members, row)],
    events: !isTold ? [] : [
      {
        chat: chatId,
        rev,
        event: {
          type: "member.joined",
          chatId,
          rev,
          member,
          memberCount: chat.memberCount,
        },
      },
    ],
    welcome: (chat) => ({
      account: userId,
      rev: accountRev,
      event: {
        type: "chat.created",
        chatId,
        rev: isTold ? chat.rev : Math.max(chat.rev, head.rev),
        accountRev,
        chat: chatOf(chat),
        role,
        lastSeq: joinedSeq,
      },
    }),
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
  const isTold = chat.kind === "group" && step.isTold;
  const told = tellIf(narration, isTold, numbers, by, {
    type: "system",
    event: "memberJoined",
    userIds: [userId],
  });
  return {
    member: step.member,
    rows: [...step.rows, ...told.rows],
    events: [...step.events, step.welcome(step.chat), ...told.events],
  };
}

/** Why there is no room for those who are `coming`. */
export function refuseFull(
  { kind, memberCount }: ChatRow,
  coming = 1,
): Problem | undefined {
  if (kind !== "group" || memberCount + coming <= limits.groupMembers) {
    return undefined;
  }
  return new Problem("conflict", {
    detail: `A group has at most ${limits.groupMembers} members`,
  });
}

/** One person goes, by her own will or another's. */
export function leave(
  state: State,
  numbers: Numbers,
  before: ChatRow,
  gone: MemberRow,
): Step {
  const { chatId, userId } = gone;
  const isTold = isToldOf(before, gone.role, before.memberCount);
  const rev = isTold ? numbers.rev(chatId) : before.rev;
  const accountRev = numbers.rev(userId);
  const chat = { ...before, memberCount: before.memberCount - 1, rev };
  const row: MemberRow = {
    ...gone,
    role: plainRole(before.kind),
    rights: null,
    leftAt: numbers.now,
    rev: isTold ? rev : gone.rev,
    accountRev,
  };
  const member = memberOf(row, state.get(users, { userId })!);
  return {
    chat,
    member,
    isTold,
    rows: [put(chats, chat), put(members, row)],
    events: [
      ...(!isTold ? [] : [{
        chat: chatId,
        rev,
        event: {
          type: "member.left" as const,
          chatId,
          rev,
          member,
          memberCount: chat.memberCount,
        },
      }]),
      {
        account: userId,
        rev: accountRev,
        event: { type: "chat.deleted", chatId, accountRev },
      },
    ],
  };
}

/** A present member's role or rights change. In a channel the person's account has to be locked. */
export function changeRole(
  state: State,
  numbers: Numbers,
  chat: ChatRow,
  before: MemberRow,
  role: Role,
  rights: readonly AdminRight[] | null = null,
): Omit<Step, "chat" | "isTold"> {
  const { chatId, userId } = before;
  if (chat.kind === "channel") {
    const accountRev = numbers.rev(userId);
    const row = { ...before, role, rights, accountRev };
    return {
      member: memberOf(row, state.get(users, { userId })!),
      rows: [put(members, row)],
      events: [{
        account: userId,
        rev: accountRev,
        event: {
          type: "membership.updated",
          accountRev,
          chatId,
          role,
          rights: [...rightsOf(row)],
        },
      }],
    };
  }
  const rev = numbers.rev(chatId);
  const row = { ...before, role, rights, rev };
  const member = memberOf(row, state.get(users, { userId })!);
  return {
    member,
    rows: [put(members, row)],
    events: [{
      chat: chatId,
      rev,
      event: { type: "member.updated", chatId, rev, member },
    }],
  };
}
