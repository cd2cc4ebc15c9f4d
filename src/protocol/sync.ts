import { z } from "zod";
import { Device, Me, User } from "./accounts.ts";
import { Chat, Member, Receipt, Role } from "./chats.ts";
import { ChatId, DeviceId, MessageId } from "./ids.ts";
import { Message } from "./messages.ts";
import { Counter } from "./text.ts";

/** The counters of one chat, as one member has them. */
export const ChatHead = z.object({
  chatId: ChatId,
  rev: Counter,
  lastSeq: Counter,
  readSeq: Counter,
  deliveredSeq: Counter,
  unread: Counter,
}).meta({ id: "ChatHead" });
export type ChatHead = z.infer<typeof ChatHead>;

/** A chat in the caller's list. */
export const ChatItem = Chat.extend({
  rev: Counter,
  lastSeq: Counter,
  lastMessage: Message.nullable(),
  peer: User.nullable().meta({
    description: "The other person of a direct chat",
  }),
  me: z.object({
    role: Role,
    readSeq: Counter,
    deliveredSeq: Counter,
    unread: Counter,
  }),
}).meta({ id: "ChatItem" });
export type ChatItem = z.infer<typeof ChatItem>;

export const CreatedChat = ChatItem.extend({
  duplicate: z.boolean().optional(),
}).meta({
  id: "CreatedChat",
});

/**
 * The present state of what changed in a chat after `from`, oldest change first.
 * The reader is at `to` once it has applied the page; applying it twice changes nothing.
 */
export const Changes = z.object({
  from: Counter,
  to: Counter,
  hasMore: z.boolean(),
  epoch: z.string(),
  chat: Chat.nullable().meta({
    description: "null when the chat itself did not change",
  }),
  messages: z.array(Message),
  members: z.array(Member),
  receipts: z.array(Receipt),
}).meta({ id: "Changes" });
export type Changes = z.infer<typeof Changes>;

export const HiddenMessage = z.object({
  chatId: ChatId,
  seq: Counter,
  messageId: MessageId,
});
export type HiddenMessage = z.infer<typeof HiddenMessage>;

/** What changed in the caller's world since a cursor. */
export const Sync = z.object({
  cursor: z.string(),
  hasMore: z.boolean(),
  epoch: z.string(),
  accountRev: Counter,
  chats: z.array(ChatHead),
  gone: z.array(ChatId).meta({
    description: "Chats left, lost or deleted since",
  }),
  me: Me.nullable(),
  devices: z.array(Device),
  hidden: z.array(HiddenMessage),
}).meta({ id: "Sync" });
export type Sync = z.infer<typeof Sync>;

/** The answer to `hello`: from here on the connection misses nothing. */
export const Welcome = z.object({
  user: User,
  deviceId: DeviceId,
  heartbeatMs: Counter,
  limits: z.object({
    frameBytes: Counter,
    textLength: Counter,
    watchedUsers: Counter,
  }),
  epoch: z.string(),
  accountRev: Counter,
  chats: z.array(ChatHead).meta({
    description: "All chats; with a cursor in hello, those that changed since",
  }),
  gone: z.array(ChatId).meta({
    description: "With a cursor: chats left, lost or deleted since",
  }),
  cursor: z.string(),
}).meta({ id: "Welcome" });
export type Welcome = z.infer<typeof Welcome>;
