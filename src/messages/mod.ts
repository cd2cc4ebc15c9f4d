/**
 * What is said in chats. Every change goes through the spine and is decided in the file named after
 * it (`send.ts`, `edit.ts`, …); content is sealed before it is stored and opened only for members.
 *
 * @module
 */
import type { Announce, Changes, Command } from "../changes/mod.ts";
import type { Narrate } from "../chats/mod.ts";
import type { Sealer } from "../crypto/sealer.ts";
import type { Database } from "../db/database.ts";
import type { Turns } from "../lib/turns.ts";
import type { RevReply, SendReply } from "../protocol/frames.ts";
import type { ChatId, MessageId, UserId } from "../protocol/ids.ts";
import type {
  Content,
  DeleteFor,
  History,
  HistoryQuery,
  Message,
  MessageContent,
  MessageStatus,
  SendMessage,
} from "../protocol/messages.ts";
import type { List, ListQuery } from "../protocol/page.ts";
import { Problem } from "../protocol/problem.ts";
import type { Target } from "./change.ts";
import { deleteForEveryone, deleteForMe } from "./delete.ts";
import { editMessage } from "./edit.ts";
import { readHistory, readMessage, readReplies } from "./history.ts";
import { createNarrate } from "./narrate.ts";
import { pinMessage } from "./pin.ts";
import { react } from "./react.ts";
import { type AdvanceReceipt, createReceipts } from "./receipts.ts";
import { type SealContent, sendMessage } from "./send.ts";
import { readStatus } from "./status.ts";
import {
  messageTable,
  type OpenMessages,
  type StoredMessage,
} from "./store.ts";

export { eraseReading } from "./erase.ts";
export {
  hiddenBy,
  type HiddenPlace,
  messagesBy,
  type OwnReaction,
  reactionsBy,
} from "./export_store.ts";
export { openForReader } from "./history.ts";
export { everyone } from "./mention_store.ts";
export {
  latestMessages,
  messagesSince,
  type ReadMessage,
} from "./reading_store.ts";
export {
  receiptOf,
  type ReceiptRow,
  receiptsChangedFrom,
  receiptsOf,
} from "./receipt_store.ts";
export { broadcastOf, shownSender } from "./shape.ts";
export { type OpenMessages } from "./store.ts";
export { type Target } from "./change.ts";

/** Every verb rejects with a `Problem`; a chat or message the caller may not see answers `not_found`. */
export interface Messages {
  /** Resolves once the message is durable. Sends of one caller keep the order of the calls. */
  send(chatId: ChatId, by: UserId, message: SendMessage): Promise<SendReply>;
  edit(target: Target, content: Content): Promise<RevReply>;
  delete(target: Target, reach: DeleteFor): Promise<RevReply>;
  react(target: Target, emoji: string, active: boolean): Promise<RevReply>;
  pin(target: Target, pinned: boolean): Promise<RevReply>;
  readonly advanceReceipt: AdvanceReceipt;
  history(chatId: ChatId, by: UserId, query: HistoryQuery): Promise<History>;
  read(chatId: ChatId, by: UserId, messageId: MessageId): Promise<Message>;
  replies(
    chatId: ChatId,
    by: UserId,
    messageId: MessageId,
    query: ListQuery,
  ): Promise<List<Message>>;
  status(
    chatId: ChatId,
    by: UserId,
    messageId: MessageId,
  ): Promise<MessageStatus>;
  /** Tells in a chat what happens to it. */
  readonly narrate: Narrate;
  /** Opens stored messages for the capabilities that show them. */
  readonly open: OpenMessages;
}

export interface MessagesParts {
  readonly db: Database;
  readonly changes: Changes;
  readonly announce: Announce;
  readonly sealer: Sealer;
  /** Large pages of one person take turns. */
  readonly turns: Turns;
  newId(): string;
  /** Called for stored content that does not open: it was changed or moved, or its key is missing. */
  onUnreadable(error: unknown): void;
}

export function createMessages(
  { db, changes, announce, sealer, turns, newId, onUnreadable }: MessagesParts,
): Messages {
  const seal: SealContent = async (chatId, messageId) => {
    const sealText = await sealer.sealing(chatId, messageId);
    return (content) => sealText(JSON.stringify(content));
  };
  const open = createOpen(sealer, onUnreadable);
  const table = messageTable(open);
  const reader = { db, open };
  const narrate = createNarrate({ messages: table, sealer, newId });

  /** Events carry the whole message, so its keys have to be at hand before the transaction begins. */
  const change = ({ chatId }: Target, command: Command<RevReply>) =>
    changes.submit({ prepare: () => sealer.keepKeys(chatId), ...command });

  return {
    send: (chatId, by, { messageId, content, replyTo, clearDraft }) =>
      changes.submit(sendMessage(table, seal, {
        chatId,
        messageId: messageId ?? newId() as MessageId,
        senderId: by,
        content,
        replyTo,
        clearDraft,
      })),
    edit: (target, content) =>
      change(target, editMessage(table, seal, target, content)),
    delete: (target, reach) =>
      reach === "me"
        ? changes.submit(deleteForMe(target))
        : change(target, deleteForEveryone(table, target)),
    react: (target, emoji, active) =>
      change(target, react(table, target, emoji, active)),
    pin: (target, pinned) =>
      changes.submit(
        pinMessage(table, narrate(target.chatId), target, pinned),
      ),
    advanceReceipt: createReceipts(db, announce, changes),
    history: (chatId, by, query) =>
      turns(by, () => readHistory(reader, chatId, by, query)),
    read: (chatId, by, messageId) => readMessage(reader, chatId, by, messageId),
    replies: (chatId, by, messageId, query) =>
      turns(by, () => readReplies(reader, chatId, by, messageId, query)),
    status: (chatId, by, messageId) => readStatus(db, chatId, by, messageId),
    narrate,
    open,
  };
}

/**
 * Opens page by page. A row that does not open shows no content and is reported, so that one damaged
 * row does not close a whole chat.
 */
function createOpen(
  sealer: Sealer,
  onUnreadable: (error: unknown) => void,
): OpenMessages {
  async function contentOf({ sealed, ...row }: StoredMessage) {
    if (sealed === null) return null;
    try {
      return JSON.parse(
        await sealer.open({ ...row, sealed }),
      ) as MessageContent;
    } catch (error) {
      // The keys could not be read: that says nothing of the row.
      if (error instanceof Problem) throw error;
      onUnreadable(error);
      return null;
    }
  }

  return (rows) =>
    Promise.all(
      rows.map(async (row) => ({ ...row, content: await contentOf(row) })),
    );
}
