import type { State } from "../changes/mod.ts";
import type { Role } from "../protocol/chats.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { type ChatRow, chats, type MemberRow, members } from "./store.ts";

/** A chat that exists, and the caller's place in it. */
export interface Access {
  readonly chat: ChatRow;
  readonly member: MemberRow;
}

/** What every command in a chat reads to know who is asking. */
export const accessKeys = (chatId: ChatId, ...userIds: UserId[]) => ({
  chat: [{ chatId }],
  members: userIds.map((userId) => ({ chatId, userId })),
});

/**
 * Admits present members alone. To anyone else the chat does not exist.
 * Needs the rows of `accessKeys`.
 */
export function admit(
  state: State,
  chatId: ChatId,
  userId: UserId,
): Access | Problem {
  const chat = state.get(chats, { chatId });
  const member = state.get(members, { chatId, userId });
  if (!chat || chat.deletedAt !== null || !member || member.leftAt !== null) {
    return new Problem("not_found");
  }
  return { chat, member };
}

const strength: Record<Role, number> = {
  owner: 3,
  admin: 2,
  member: 1,
  subscriber: 0,
};

/** Whether `role` is stronger than `other`: nobody acts on an equal. */
export const outranks = (role: Role, other: Role) =>
  strength[role] > strength[other];

/** Whether the member is the owner or an admin. */
export const isInCharge = ({ role }: MemberRow) =>
  strength[role] >= strength.admin;

/** Whether a message is within what the member can read of the chat. */
export const sees = ({ member }: Access, { seq }: { readonly seq: number }) =>
  seq > member.historyFrom;

/** Meaning everyone at once: the admins of a group or channel. */
export const mayMentionEveryone = ({ chat, member }: Access) =>
  chat.kind !== "direct" && isInCharge(member);

/** Nothing more is said to somebody who deleted the account; what was said stays. */
export function refuseToNobody({ chat }: Access): Problem | undefined {
  if (chat.directKey === null) return undefined;
  const people = new Set(chat.directKey.split("/")).size;
  if (chat.memberCount < people) {
    return forbidden("The other person has deleted the account");
  }
}

export const forbidden = (detail: string) =>
  new Problem("forbidden", { detail });

export const directIsFixed = () =>
  forbidden("A direct chat has exactly its two people and no title");
