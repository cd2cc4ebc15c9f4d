import { isoTime } from "../lib/iso_time.ts";
import type { UserId } from "../protocol/ids.ts";
import type { BroadcastMessage, Message } from "../protocol/messages.ts";
import { optionsOf } from "./poll_store.ts";
import type { ReadMessage } from "./reading_store.ts";
import type { MessageRow } from "./store.ts";

/** Who a message is from, for everybody: of an unsigned post nobody learns who wrote it. */
export const shownSender = (
  { chatId, senderId, postedAs }: Pick<
    MessageRow,
    "chatId" | "senderId" | "postedAs"
  >,
): UserId => postedAs === "channel" ? chatId as string as UserId : senderId;

/** A message as an event carries it: alike for every receiver. */
export const broadcastOf = (row: MessageRow): BroadcastMessage => ({
  chatId: row.chatId,
  seq: row.seq,
  rev: row.rev,
  messageId: row.messageId,
  senderId: shownSender(row),
  content: row.content,
  forwardedFrom: row.forwardedFrom,
  replyTo: row.replyToSeq === null || row.replyToId === null
    ? null
    : { seq: row.replyToSeq, messageId: row.replyToId },
  replyCount: row.replyCount,
  reactions: row.reactionCounts.map(([emoji, count]) => ({ emoji, count })),
  poll: row.poll,
  pinned: row.pinnedAt !== null,
  views: row.views,
  createdAt: isoTime(row.createdAt),
  editedAt: row.editedAt?.toISOString() ?? null,
  deletedAt: row.deletedAt?.toISOString() ?? null,
});

/** A message as one reader sees it. */
export const messageOf = (
  row: MessageRow & Pick<ReadMessage, "mine" | "choices">,
): Message => {
  const message = broadcastOf(row);
  const reactions = message.reactions.map((reaction) => ({
    ...reaction,
    mine: row.mine.includes(reaction.emoji),
  }));
  const poll = message.poll &&
    { ...message.poll, mine: optionsOf(row.choices ?? 0) };
  return { ...message, reactions, poll };
};
