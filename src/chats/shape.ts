import type { UserRow } from "../accounts/mod.ts";
import type { Chat, Member } from "../protocol/chats.ts";
import { rightsOf } from "./rights.ts";
import type { ChatRow, MemberRow, ProfiledMemberRow } from "./store.ts";

/** A chat as clients see it. */
export const chatOf = (
  row: Omit<ChatRow, "directKey" | "deletedAt" | "rev">,
): Chat => ({
  chatId: row.chatId,
  kind: row.kind,
  title: row.title,
  about: row.about,
  createdBy: row.kind === "channel" ? null : row.createdBy,
  createdAt: row.createdAt.toISOString(),
  memberCount: row.memberCount,
  channel: row.visibility === null ? null : {
    handle: row.handle,
    visibility: row.visibility,
    signatures: row.signatures,
    comments: row.comments,
  },
  group: row.kind !== "group" ? null : {
    permissions: row.permissions,
    slowModeSeconds: row.slowModeSeconds,
    historyForNewcomers: row.historyForNewcomers,
  },
});

type Profile = Pick<UserRow, "username" | "displayName" | "about">;

/** A membership as clients see it, with the person's profile. */
export const memberOf = (
  row: MemberRow,
  { username, displayName, about }: Profile,
): Member => ({
  userId: row.userId,
  role: row.role,
  rights: [...rightsOf(row)],
  joinedAt: row.joinedAt.toISOString(),
  leftAt: row.leftAt?.toISOString() ?? null,
  rev: row.rev,
  user: { userId: row.userId, username, displayName, about },
});

export const profiledMemberOf = (row: ProfiledMemberRow): Member =>
  memberOf(row, row);
