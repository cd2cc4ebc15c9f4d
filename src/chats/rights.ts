import {
  type AdminRight,
  adminRights,
  type Permissions,
} from "../protocol/groups.ts";
import type { State } from "../changes/mod.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { type Access, admit, directIsFixed, forbidden } from "./rules.ts";
import type { MemberRow } from "./store.ts";

/** What an admin may do where nobody said otherwise: everything but making further admins. */
export const usualRights: readonly AdminRight[] = adminRights.filter((right) =>
  right !== "promoteMembers"
);

type Standing = Pick<MemberRow, "role" | "rights">;

/** What a member may do as one of those in charge: all as the owner, what was granted as an admin. */
export const rightsOf = ({ role, rights }: Standing): readonly AdminRight[] =>
  role === "owner"
    ? adminRights
    : role === "admin"
    ? rights ?? usualRights
    : [];

export const hasRight = (member: Standing, right: AdminRight) =>
  rightsOf(member).includes(right);

/** The rights in the order in which they are told, each once. */
export const sorted = (rights: readonly AdminRight[]): AdminRight[] =>
  adminRights.filter((right) => rights.includes(right));

/** Whether all of these rights are the member's own. */
export const holds = (member: Standing, rights: readonly AdminRight[]) =>
  rights.every((right) => hasRight(member, right));

/** Whether an admin may change another one, who has some of the same rights and no others. */
export const standsOver = (member: Standing, other: Standing) =>
  holds(member, rightsOf(other)) && !holds(other, rightsOf(member));

/** What the members may do if the group says so, and the right that admins need if it does not. */
const rightFor: Record<keyof Permissions, AdminRight> = {
  sendMessages: "postMessages",
  addMembers: "inviteMembers",
  changeInfo: "changeInfo",
  pinMessages: "pinMessages",
};

/** The rights that the named permissions are about. */
export const rightsFor = (
  permissions: { readonly [What in keyof Permissions]?: unknown },
): AdminRight[] =>
  (Object.keys(rightFor) as (keyof Permissions)[])
    .filter((what) => permissions[what] !== undefined)
    .map((what) => rightFor[what]);

/** For those in charge who have the right. */
export function refuseUnlessRight(
  { chat, member }: Access,
  right: AdminRight,
): Problem | undefined {
  if (chat.kind === "direct") return directIsFixed();
  if (hasRight(member, right)) return undefined;
  return forbidden(
    `Only the owner of the ${chat.kind}, and admins with the right ${right}, may do this`,
  );
}

/** Admits those in charge who have the right. Needs the rows of `accessKeys`. */
export function admitWithRight(
  state: State,
  chatId: ChatId,
  userId: UserId,
  right: AdminRight,
): Access | Problem {
  const access = admit(state, chatId, userId);
  if (access instanceof Problem) return access;
  return refuseUnlessRight(access, right) ?? access;
}

/** Whether a group leaves something to all its members. */
const isLeftToAll = ({ chat }: Access, what: keyof Permissions) =>
  chat.kind === "group" && chat.permissions[what] === "everyone";

export const may = (access: Access, what: keyof Permissions) =>
  isLeftToAll(access, what) || hasRight(access.member, rightFor[what]);

/**
 * Deleting for everyone: one's own message anywhere, others' with the right; what the service told is
 * nobody's own.
 */
export const mayDeleteFor = (
  { member }: Access,
  senderId: UserId | undefined,
) => member.userId === senderId || hasRight(member, "deleteMessages");

/** Pinning: both people of a direct chat, and whom a group or channel lets. */
export const mayPin = (access: Access) =>
  access.chat.kind === "direct" || may(access, "pinMessages");

/** Whether a group lets the member write. In channels `refuseToSpeak` says. */
export const refuseToWrite = (access: Access): Problem | undefined =>
  access.chat.kind === "group"
    ? refuseUnlessMay(access, "sendMessages")
    : undefined;

/** For everyone in a group that leaves it to all, else for those with the right. */
export const refuseUnlessMay = (
  access: Access,
  what: keyof Permissions,
): Problem | undefined =>
  isLeftToAll(access, what)
    ? undefined
    : refuseUnlessRight(access, rightFor[what]);
