import { type Announced, type Numbers, type Put, put } from "../changes/mod.ts";
import { broadcastOf } from "./shape.ts";
import { type MessageRow, type MessageTable, places } from "./store.ts";

/** What a message is from the start on, beside the numbers that it takes. */
type Beginning =
  & Pick<
    MessageRow,
    "chatId" | "messageId" | "senderId" | "content" | "forwardedFrom"
  >
  & Pick<MessageRow, "keyVersion" | "sealed">
  & Partial<MessageRow>;

/** A message comes into its chat: it takes the next `rev` and `seq`, and everyone is told. */
export function makeMessage(
  messages: MessageTable,
  numbers: Numbers,
  beginning: Beginning,
): {
  readonly row: MessageRow;
  readonly rows: Put[];
  readonly event: Announced;
} {
  const { chatId } = beginning;
  const rev = numbers.rev(chatId);
  const seq = numbers.seq(chatId);
  const row: MessageRow = {
    seq,
    rev,
    replyToSeq: null,
    replyToId: null,
    replyCount: 0,
    reactionCounts: [],
    createdAt: numbers.now,
    editedAt: null,
    pinnedAt: null,
    deletedAt: null,
    postedAs: null,
    views: null,
    poll: null,
    ...beginning,
  };
  return {
    row,
    rows: [put(messages, row), put(places, row)],
    event: {
      chat: chatId,
      rev,
      event: {
        type: "message.created",
        chatId,
        rev,
        message: broadcastOf(row),
      },
    },
  };
}
