import { z } from "zod";
import { Device, Me } from "./accounts.ts";
import { Chat, Member, Role } from "./chats.ts";
import { Contact } from "./contacts.ts";
import { AdminRights } from "./groups.ts";
import { ChatId, MessageId, UserId } from "./ids.ts";
import { BroadcastMessage } from "./messages.ts";
import { OwnVote } from "./polls.ts";
import { ChatPreferences, Draft } from "./preferences.ts";
import { AccountRev, Counter, Rev, Seq, Timestamp } from "./text.ts";

const event = <T extends string, S extends z.ZodRawShape>(
  type: T,
  description: string,
  shape: S,
) =>
  z.object({ type: z.literal(type), ...shape }).meta({ id: type, description });

/** What the server tells a connection unasked. Those with a `rev` count the chat's changes one by one. */
export const Event = z.discriminatedUnion("type", [
  event("message.created", "Somebody sent a message", {
    chatId: ChatId,
    rev: Rev,
    message: BroadcastMessage,
  }),
  event("message.updated", "A message changed: its whole present state", {
    chatId: ChatId,
    rev: Rev,
    message: BroadcastMessage,
    change: z.enum([
      "reacted",
      "unreacted",
      "edited",
      "deleted",
      "pinned",
      "unpinned",
      "voted",
      "closed",
    ]),
    userId: UserId.optional().meta({
      description:
        "Who did it; not told of votes in an anonymous poll, and of reactions and votes in a channel to that person's own devices alone",
    }),
    emoji: z.string().optional().meta({
      description: "With reacted and unreacted",
      examples: ["👍"],
    }),
  }),
  event(
    "receipt.updated",
    "A member's cursors moved forward; in channels and large groups told to that member alone",
    {
      chatId: ChatId,
      userId: UserId,
      deliveredSeq: Counter,
      readSeq: Counter,
    },
  ),
  event("chat.created", "The receiver is a member from this rev on", {
    chatId: ChatId,
    rev: Rev,
    accountRev: AccountRev,
    chat: Chat,
    role: Role.meta({ description: "The receiver's" }),
    lastSeq: Counter.meta({
      description: "The chat's last message then; up to it all counts as read",
    }),
  }),
  event("chat.updated", "A group or channel shows something else of itself", {
    chatId: ChatId,
    rev: Rev,
    chat: Chat,
  }),
  event(
    "chat.deleted",
    "The chat was deleted (`rev`), or the receiver is out of it (`accountRev`)",
    {
      chatId: ChatId,
      rev: Rev.optional(),
      accountRev: AccountRev.optional(),
    },
  ),
  event("member.joined", "A person came into the chat", {
    chatId: ChatId,
    rev: Rev,
    member: Member,
    memberCount: Counter,
  }),
  event("member.updated", "A member has another role or other rights", {
    chatId: ChatId,
    rev: Rev,
    member: Member,
  }),
  event(
    "membership.updated",
    "The receiver has another role in a channel, of whose members nobody else is told",
    {
      accountRev: AccountRev,
      chatId: ChatId,
      role: Role,
      rights: AdminRights,
    },
  ),
  event("member.left", "A person left the chat, or was removed", {
    chatId: ChatId,
    rev: Rev,
    member: Member,
    memberCount: Counter,
  }),
  event(
    "chat.advanced",
    "Something changed that is hidden from the receiver, who came later: only the rev moves",
    { chatId: ChatId, rev: Rev },
  ),
  event(
    "chat.behind",
    "Changes up to this rev exist that were not sent: ask for them with `changes`",
    { chatId: ChatId, rev: Rev },
  ),
  event(
    "account.behind",
    "Account changes up to this counter exist that were not sent: read `/sync`",
    { accountRev: AccountRev },
  ),
  event("typing", "Somebody is typing, or no longer", {
    chatId: ChatId,
    userId: UserId,
    active: z.boolean(),
  }),
  event("presence", "A watched person came or went", {
    userId: UserId,
    online: z.boolean(),
    lastSeenAt: Timestamp.nullable(),
  }),
  event("device.updated", "A device of the account came, changed or went", {
    accountRev: AccountRev,
    device: Device.omit({ current: true }).meta({ id: "AccountDevice" }),
  }),
  event("account.updated", "The account's profile changed", {
    accountRev: AccountRev,
    me: Me.omit({ accountRev: true }).meta({ id: "Profile" }),
  }),
  event(
    "contact.updated",
    "A person became something else to the account: a contact, a request, blocked, or nothing any more",
    { accountRev: AccountRev, contact: Contact },
  ),
  event("contact.viewed", "The account has seen all requests that came in", {
    accountRev: AccountRev,
  }),
  event("poll.voted", "The account chose in a poll, on one of its devices", {
    accountRev: AccountRev,
    ...OwnVote.shape,
  }),
  event("message.hidden", "The account deleted a message for itself alone", {
    accountRev: AccountRev,
    chatId: ChatId,
    seq: Seq,
    messageId: MessageId,
  }),
  event(
    "preferences.updated",
    "The account set something for a chat, or read what it had marked: the whole present state",
    {
      accountRev: AccountRev,
      chatId: ChatId,
      preferences: ChatPreferences,
      draft: Draft.nullable().optional().meta({
        description: "Only where it changed; null when it was taken away",
      }),
    },
  ),
  event(
    "notification.cleared",
    "The account put the notifications of a chat away, and a mark set by hand with them",
    { accountRev: AccountRev, chatId: ChatId, seq: Counter },
  ),
  event(
    "server.draining",
    "The server stops: close, and connect again after `reconnectInMs`",
    { reconnectInMs: Counter },
  ),
]);
export type Event = z.infer<typeof Event>;
export type EventOf<T extends Event["type"]> = Extract<Event, { type: T }>;
