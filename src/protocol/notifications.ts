import { z } from "zod";
import { User } from "./accounts.ts";
import { ChatId, MessageId, UserId } from "./ids.ts";
import { Counter, Seq, Timestamp } from "./text.ts";

/**
 * How much there is to notify of. All of it follows from the cursors, so it cannot drift: a chat counts
 * what comes after the caller has read, cleared or put it away, at level `mentions` those messages that
 * mean the caller, at `none` and while muted nothing. One marked unread by hand counts one at least.
 */
export const NotificationCounts = z.object({
  total: Counter.meta({
    description: "Of all chats together, and the contact requests",
  }),
  chats: z.record(ChatId, Counter).meta({
    description: "Of each chat where it is not 0",
    examples: [{ "019a54c2-9b1e-7c11-8d5f-3a0c5e1f7b03": 3 }],
  }),
  contactRequests: Counter.meta({
    description: "Requests that came in and were not viewed",
  }),
  mentions: Counter.meta({
    description: "Those messages of the chats that mean the caller",
  }),
}).meta({
  id: "NotificationCounts",
  description: "How much there is to notify of",
});
export type NotificationCounts = z.infer<typeof NotificationCounts>;

const at = Timestamp.meta({ description: "What the list is ordered by" });

export const Notification = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("chat"),
    at,
    chatId: ChatId,
    count: Counter.meta({
      description: "As in the counts; one at least where it is marked unread",
    }),
    mentions: Counter,
    markedUnread: z.boolean(),
  }).meta({ id: "ChatNotification" }),
  z.object({
    type: z.literal("mention"),
    at,
    chatId: ChatId,
    seq: Seq,
    messageId: MessageId,
    senderId: UserId,
  }).meta({ id: "MentionNotification" }),
  z.object({
    type: z.literal("contactRequest"),
    at,
    user: User,
  }).meta({ id: "ContactRequestNotification" }),
]).meta({
  id: "Notification",
  description: "Something that is worth the caller's attention",
});
export type Notification = z.infer<typeof Notification>;
