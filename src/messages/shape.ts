import { isoTime } from "../lib/iso_time.ts";
import type { BroadcastMessage, Message } from "../protocol/messages.ts";
import type { MessageRow } from "./store.ts";

/** A message as an event carries it: alike for every receiver. */
export const broadcastOf = (row: MessageRow): BroadcastMessage => ({
  chatId: row.chatId,
  seq: row.seq,
  rev: row.rev,
  messageId: row.messageId,
  senderId: row.senderId,
  content: row.content,
  forwardedFrom: row.forwardedFrom,
  replyTo: row.replyToSeq === null || row.replyToId === null
    ? null
    : { seq: row.replyToSeq, messageId: row.replyToId },
  replyCount: row.replyCount,
  reactions: row.reactionCounts.map(([emoji, count]) => ({ emoji, count })),
  pinned: row.pinnedAt !== null,
  createdAt: isoTime(row.createdAt),
  editedAt: row.editedAt?.toISOString() ?? null,
  deletedAt: row.deletedAt?.toISOString() ?? null,
});

/** A message as one reader sees it. */
export const messageOf = (
  row: MessageRow & { readonly mine: readonly string[] },
): Message => {
  const message = broadcastOf(row);
  const reactions = message.reactions.map((reaction) => ({
    ...reaction,
    mine: row.mine.includes(reaction.emoji),
  }));
  return { ...message, reactions };
};
