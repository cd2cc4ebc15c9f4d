import { presentUser, users } from "../accounts/mod.ts";
import {
  type Announced,
  type Numbers,
  type Put,
  put,
  type State,
} from "../changes/mod.ts";
import type { Member, Role } from "../protocol/chats.ts";
import type { UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { isToldOf, plainRole } from "./channel_rules.ts";
import { chatOf, memberOf } from "./shape.ts";
import { type ChatRow, chats, type MemberRow, members } from "./store.ts";

/**
 * Where `isToldOf` says so, the others are not told: the step takes no rev of the chat and makes no
 * event in it, so that it costs the same whatever the chat's size. The person's own account counts it.
 */

/** What a step on a chat's membership leaves behind. */
interface Step {
  readonly chat: ChatRow;
  readonly rows: Put[];
  readonly events: Announced[];
  readonly member: Member;
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
  const isTold = isToldOf(before);
  const rev = isTold ? numbers.rev(chatId) : before.rev;
  const accountRev = numbers.rev(userId);
  const head = state.head(chatId) ?? { rev: 0, lastSeq: 0 };
  const joinedSeq = head.lastSeq;
  const chat = { ...before, memberCount: before.memberCount + 1, rev };
  const row: MemberRow = {
    chatId,
    userId,
    role,
    joinedAt: numbers.now,
    joinedSeq,
    leftAt: null,
    rev: isTold ? rev : 0,
    accountRev,
  };
  const member = memberOf(row, user);
  return {
    chat,
    member,
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

/** One person goes, by her own will or another's. */
export function leave(
  state: State,
  numbers: Numbers,
  before: ChatRow,
  gone: MemberRow,
): Step {
  const { chatId, userId } = gone;
  const isTold = isToldOf(before);
  const rev = isTold ? numbers.rev(chatId) : before.rev;
  const accountRev = numbers.rev(userId);
  const chat = { ...before, memberCount: before.memberCount - 1, rev };
  const row: MemberRow = {
    ...gone,
    role: plainRole(before.kind),
    leftAt: numbers.now,
    rev: isTold ? rev : gone.rev,
    accountRev,
  };
  const member = memberOf(row, state.get(users, { userId })!);
  return {
    chat,
    member,
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

/** A present member's role changes. In a channel the person's account has to be locked. */
export function changeRole(
  state: State,
  numbers: Numbers,
  chat: ChatRow,
  before: MemberRow,
  role: Role,
): Omit<Step, "chat"> {
  const { chatId, userId } = before;
  if (!isToldOf(chat)) {
    const accountRev = numbers.rev(userId);
    const row = { ...before, role, accountRev };
    return {
      member: memberOf(row, state.get(users, { userId })!),
      rows: [put(members, row)],
      events: [{
        account: userId,
        rev: accountRev,
        event: { type: "membership.updated", accountRev, chatId, role },
      }],
    };
  }
  const rev = numbers.rev(chatId);
  const row = { ...before, role, rev };
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
