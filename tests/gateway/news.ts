import type { Event } from "../../src/protocol/events.ts";
import type {
  ChatId,
  DeviceId,
  MessageId,
  UserId,
} from "../../src/protocol/ids.ts";
import type { Announcement } from "../../src/relay/relay.ts";

export const newId = <Id extends string>() => crypto.randomUUID() as Id;
export const newChat = () => newId<ChatId>();
export const newUser = () => newId<UserId>();

const at = "2026-01-01T00:00:00.000Z";

function announcement(
  audience: Announcement["audience"],
  scopeId: string,
  rev: number | undefined,
  event: Event,
): Announcement {
  const id = crypto.randomUUID();
  const numbered = rev === undefined ? {} : { rev };
  return { id, origin: "elsewhere", audience, scopeId, event, ...numbered };
}

/** News of a chat: somebody said something. */
export function said(
  chatId: ChatId,
  rev: number,
  text = `number ${rev}`,
): Announcement {
  const message = {
    chatId,
    seq: rev,
    rev,
    messageId: newId<MessageId>(),
    senderId: newUser(),
    content: { type: "text" as const, text },
    forwardedFrom: null,
    replyTo: null,
    replyCount: 0,
    reactions: [],
    poll: null,
    pinned: false,
    views: null,
    createdAt: at,
    editedAt: null,
    deletedAt: null,
  };
  const event = { type: "message.created", chatId, rev, message } as const;
  return announcement("chat", chatId, rev, event);
}

const member = (userId: UserId, rev: number, leftAt: string | null) => ({
  userId,
  role: "member" as const,
  rights: [],
  joinedAt: at,
  leftAt,
  rev,
  user: { userId, username: "someone", displayName: "Someone", about: "" },
});

const chat = (chatId: ChatId) => ({
  chatId,
  kind: "group" as const,
  title: "A group",
  about: "",
  channel: null,
  group: null,
  createdBy: newUser(),
  createdAt: at,
  memberCount: 2,
});

/** News of a chat: a member left it. */
export const left = (chatId: ChatId, rev: number, userId: UserId) =>
  announcement("chat", chatId, rev, {
    type: "member.left",
    chatId,
    rev,
    member: member(userId, rev, at),
    memberCount: 1,
  });

/** News of a chat: it was deleted. */
export const ended = (chatId: ChatId, rev: number) =>
  announcement("chat", chatId, rev, { type: "chat.deleted", chatId, rev });

/** News of a chat that takes no counter. */
export const typing = (chatId: ChatId, userId: UserId) =>
  announcement("chat", chatId, undefined, {
    type: "typing",
    chatId,
    userId,
    active: true,
  });

/** News of an account: it is in a chat from that chat's `rev` on. */
export const welcomed = (
  userId: UserId,
  accountRev: number,
  chatId: ChatId,
  rev: number,
) =>
  announcement("account", userId, accountRev, {
    type: "chat.created",
    chatId,
    rev,
    accountRev,
    chat: chat(chatId),
    role: "member",
    lastSeq: 0,
  });

/** News of an account: it is out of a chat. */
export const removed = (userId: UserId, accountRev: number, chatId: ChatId) =>
  announcement("account", userId, accountRev, {
    type: "chat.deleted",
    chatId,
    accountRev,
  });

/** News of an account: a device was signed out. */
export const signedOut = (
  userId: UserId,
  accountRev: number,
  deviceId: DeviceId,
) =>
  announcement("account", userId, accountRev, {
    type: "device.updated",
    accountRev,
    device: {
      deviceId,
      name: "A device",
      platform: "test",
      createdAt: at,
      lastUsedAt: at,
      revokedAt: at,
    },
  });

/** The same news from a driver that had no room for the event. */
export function withoutEvent(
  { event: _, ...rest }: Announcement,
): Announcement {
  return rest;
}

/** No news of an account, but a ring for those who watch the person. */
export const rung = (userId: UserId): Announcement => ({
  id: crypto.randomUUID(),
  origin: "elsewhere",
  audience: "presence",
  scopeId: userId,
});
