import { readAsMember } from "../chats/mod.ts";
import type { Database } from "../db/database.ts";
import type { ChatId, MessageId, UserId } from "../protocol/ids.ts";
import type { MessageStatus } from "../protocol/messages.ts";
import { Problem } from "../protocol/problem.ts";
import { oneMessage } from "./reading_store.ts";
import { receiptsOf } from "./receipt_store.ts";

/**
 * How far a message has come: derived from the other members' cursors, nothing is kept for it. In
 * channels and large groups, where nobody is told of them, no more than that it was sent.
 */
export async function readStatus(
  db: Database,
  chatId: ChatId,
  by: UserId,
  messageId: MessageId,
): Promise<MessageStatus> {
  const [[message], receipts] = await readAsMember(
    db,
    { chatId, by },
    oneMessage(chatId, by, messageId),
    receiptsOf(chatId, by),
  );
  if (!message) throw new Problem("not_found");
  const members = receipts
    .filter(({ userId }) => userId !== message.senderId)
    .map(({ userId, deliveredSeq, readSeq }) => ({
      userId,
      delivered: deliveredSeq >= message.seq,
      read: readSeq >= message.seq,
    }));
  const reached = (how: "delivered" | "read") =>
    members.length > 0 && members.every((member) => member[how]);
  const status = reached("read")
    ? "read"
    : reached("delivered")
    ? "delivered"
    : "sent";
  return { status, members };
}
