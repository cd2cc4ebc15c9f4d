import { z } from "zod";
import { Device, Me } from "./accounts.ts";
import { Chat, Member } from "./chats.ts";
import { ChatId, MessageId, UserId } from "./ids.ts";
import { BroadcastMessage } from "./messages.ts";
import { Counter, Timestamp } from "./text.ts";

const event = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.object({ type: z.literal(type), ...shape }).meta({ id: type });

/** What the server tells a connection unasked. Those with a `rev` count the chat's changes one by one. */
export const Event = z.discriminatedUnion("type", [
  event("message.created", {
    chatId: ChatId,
    rev: Counter,
    message: BroadcastMessage,
  }),
  event("message.updated", {
    chatId: ChatId,
    rev: Counter,
    message: BroadcastMessage,
    change: z.enum([
      "edited",
      "deleted",
      "pinned",
      "unpinned",
      "reacted",
      "unreacted",
    ]),
    userId: UserId.meta({ description: "Who did it" }),
    emoji: z.string().optional().meta({
      description: "With reacted and unreacted",
    }),
  }),
  event("receipt.updated", {
    chatId: ChatId,
    userId: UserId,
    deliveredSeq: Counter,
    readSeq: Counter,
  }),
  event("chat.created", {
    chatId: ChatId,
    rev: Counter,
    accountRev: Counter,
    chat: Chat,
    lastSeq: Counter.meta({
      description: "The chat's last message then; up to it all counts as read",
    }),
  }).meta({ description: "The receiver is a member from this rev on" }),
  event("chat.updated", { chatId: ChatId, rev: Counter, chat: Chat }),
  event("chat.deleted", {
    chatId: ChatId,
    rev: Counter.optional(),
    accountRev: Counter.optional(),
  }).meta({
    description:
      "The chat was deleted (rev), or the receiver is out of it (accountRev)",
  }),
  event("member.joined", {
    chatId: ChatId,
    rev: Counter,
    member: Member,
    memberCount: Counter,
  }),
  event("member.updated", { chatId: ChatId, rev: Counter, member: Member }),
  event("member.left", {
    chatId: ChatId,
    rev: Counter,
    member: Member,
    memberCount: Counter,
  }),
  event("chat.behind", { chatId: ChatId, rev: Counter }).meta({
    description:
      "Changes up to this rev exist that were not sent: ask for them",
  }),
  event("account.behind", { accountRev: Counter }).meta({
    description:
      "Account changes up to this counter exist that were not sent: sync",
  }),
  event("typing", { chatId: ChatId, userId: UserId, active: z.boolean() }),
  event("presence", {
    userId: UserId,
    online: z.boolean(),
    lastSeenAt: Timestamp.nullable(),
  }),
  event("device.updated", {
    accountRev: Counter,
    device: Device.omit({ current: true }),
  }),
  event("account.updated", {
    accountRev: Counter,
    me: Me.omit({ accountRev: true }),
  }),
  event("message.hidden", {
    accountRev: Counter,
    chatId: ChatId,
    seq: Counter,
    messageId: MessageId,
  }),
  event("server.draining", { reconnectInMs: Counter }),
]);
export type Event = z.infer<typeof Event>;
export type EventOf<T extends Event["type"]> = Extract<Event, { type: T }>;
