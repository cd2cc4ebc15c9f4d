/**
 * What is said in chats. Every change goes through the spine and is decided in the file named after
 * it (`send.ts`, `edit.ts`, …); content is sealed before it is stored and opened only for members.
 *
 * @module
 */
import type { Announce, Changes, Command } from "../changes/mod.ts";
import type { Narrate } from "../chats/mod.ts";
import { openOr } from "../crypto/open_or.ts";
import { KeyNotAtHand, type Sealer } from "../crypto/sealer.ts";
import type { Database } from "../db/database.ts";
import type { Turns } from "../lib/turns.ts";
import type { RevReply, SendReply } from "../protocol/frames.ts";
import { clearingDraft } from "../preferences/mod.ts";
import type { ChatId, MessageId, UserId } from "../protocol/ids.ts";
import type {
  Content,
  DeleteFor,
  EarlierContent,
  ForwardedFrom,
  History,
  HistoryQuery,
  Message,
  MessageContent,
  MessageStatus,
  SendMessage,
} from "../protocol/messages.ts";
import type { List, ListQuery } from "../protocol/page.ts";
import type { Vote, VotesQuery } from "../protocol/polls.ts";
import type { Target } from "./change.ts";
import { deleteForEveryone, deleteForMe } from "./delete.ts";
import { editMessage } from "./edit.ts";
import { forwardMessage } from "./forward.ts";
import type { OpenedMessages } from "./opened_messages.ts";
import { readHistory, readMessage, readReplies } from "./history.ts";
import { createNarrate } from "./narrate.ts";
import { listVotes } from "./list_votes.ts";
import { pinMessage } from "./pin.ts";
import { closePoll, vote } from "./polls.ts";
import { react } from "./react.ts";
import { readEdits } from "./read_edits.ts";
import { type AdvanceReceipt, createReceipts } from "./receipts.ts";
import { type SealContent, sendMessage } from "./send.ts";
import { readStatus } from "./status.ts";
import { messageTable, type OpenContent, type OpenMessages } from "./store.ts";

export { eraseReading } from "./erase.ts";
export {
  earlierBy,
  type EarlierPlace,
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
export { optionsOf, type OwnVoteRow, votesSince } from "./poll_store.ts";
export { broadcastOf, shownSender } from "./shape.ts";
export {
  createOpenedMessages,
  type OpenedMessages,
} from "./opened_messages.ts";
export {
  createLinkPreviews,
  type LinkPreviews,
  type LinkPreviewsParts,
} from "./link_previews.ts";
export { type PreviewNetwork } from "./preview_network.ts";
export { type OpenContent, type OpenMessages } from "./store.ts";
export { type Target } from "./change.ts";

/** Every verb rejects with a `Problem`; a chat or message the caller may not see answers `not_found`. */
export interface Messages {
  /** Resolves once the message is durable. Sends of one caller keep the order of the calls. */
  send(chatId: ChatId, by: UserId, message: SendMessage): Promise<SendReply>;
  edit(target: Target, content: Content): Promise<RevReply>;
  delete(target: Target, reach: DeleteFor): Promise<RevReply>;
  react(target: Target, emoji: string, active: boolean): Promise<RevReply>;
  pin(target: Target, pinned: boolean): Promise<RevReply>;
  /** Chooses in a poll, in place of what was chosen before; an empty list takes the vote back. */
  vote(target: Target, options: readonly number[]): Promise<RevReply>;
  closePoll(target: Target): Promise<RevReply>;
  votes(
    chatId: ChatId,
    by: UserId,
    messageId: MessageId,
    query: VotesQuery,
  ): Promise<List<Vote>>;
  readonly advanceReceipt: AdvanceReceipt;
  history(chatId: ChatId, by: UserId, query: HistoryQuery): Promise<History>;
  read(chatId: ChatId, by: UserId, messageId: MessageId): Promise<Message>;
  replies(
    chatId: ChatId,
    by: UserId,
    messageId: MessageId,
    query: ListQuery,
  ): Promise<List<Message>>;
  /** What the message said before it was edited, the latest first. */
  edits(
    chatId: ChatId,
    by: UserId,
    messageId: MessageId,
    query: ListQuery,
  ): Promise<List<EarlierContent>>;
  status(
    chatId: ChatId,
    by: UserId,
    messageId: MessageId,
  ): Promise<MessageStatus>;
  /** Opens what is sealed in one place. */
  readonly openContent: OpenContent;
  /** Tells in a chat what happens to it. */
  readonly narrate: Narrate;
  /** Opens stored messages for the capabilities that show them. */
  readonly open: OpenMessages;
  /** The same for what is read once, and by the thousand. */
  readonly openOnce: OpenMessages;
}

export interface MessagesParts {
  readonly db: Database;
  readonly changes: Changes;
  readonly announce: Announce;
  readonly sealer: Sealer;
  /** Large pages of one person take turns. */
  readonly turns: Turns;
  newId(): string;
  /** Makes the place where opened messages are kept for a while; absent where none are. */
  keepOpened?(open: OpenMessages): OpenedMessages;
  /** Called for stored content that does not open: it was changed or moved, or its key is missing. */
  onUnreadable(error: unknown): void;
}

export function createMessages(
  parts: MessagesParts,
): Messages {
  const { db, changes, announce, sealer, turns, newId, onUnreadable } = parts;
  const seal: SealContent = async (chatId, messageId) => {
    const sealText = await sealer.sealing(chatId, messageId);
    return ({ content, forwardedFrom }) =>
      sealText(
        JSON.stringify(forwardedFrom ? { ...content, forwardedFrom } : content),
      );
  };
  const openContent = createOpenContent(sealer, onUnreadable);
  const openOnce = createOpen(openContent);
  const opened = parts.keepOpened?.(openOnce);
  const open = opened?.open ?? openOnce;
  // What is decided under a lock is opened there, with the keys at hand.
  const openKept = createOpenContent({ open: sealer.openKept }, (error) => {
    // The chat has none: whoever reads there reports it.
    if (!(error instanceof KeyNotAtHand)) onUnreadable(error);
  });
  const table = messageTable(createOpen(openKept));
  const reader = { db, open, ...(opened && { opened }) };
  const narrate = createNarrate({ messages: table, sealer, newId });

  /** Events carry the whole message, so its keys have to be at hand before the transaction begins. */
  const change = ({ chatId }: Target, command: Command<RevReply>) =>
    changes.submit({ prepare: () => sealer.keepKeys(chatId), ...command });

  return {
    send(chatId, by, { messageId, content, forward, replyTo, clearDraft }) {
      const wish = {
        chatId,
        messageId: messageId ?? newId() as MessageId,
        senderId: by,
        replyTo,
      };
      const command = forward
        ? forwardMessage(table, seal, sealer.keepKeys, wish, forward)
        : sendMessage(table, seal, wish, content!);
      return changes.submit(
        clearDraft ? clearingDraft(command, { chatId, userId: by }) : command,
      );
    },
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
    vote: (target, options) => change(target, vote(table, target, options)),
    closePoll: (target) => change(target, closePoll(table, target)),
    votes: (chatId, by, messageId, query) =>
      listVotes(reader, chatId, by, messageId, query),
    advanceReceipt: createReceipts(db, announce, changes),
    history: (chatId, by, query) =>
      turns(by, () => readHistory(reader, chatId, by, query)),
    read: (chatId, by, messageId) => readMessage(reader, chatId, by, messageId),
    replies: (chatId, by, messageId, query) =>
      turns(by, () => readReplies(reader, chatId, by, messageId, query)),
    edits: (chatId, by, messageId, query) =>
      readEdits(reader, openContent, chatId, by, messageId, query),
    status: (chatId, by, messageId) => readStatus(db, chatId, by, messageId),
    openContent,
    narrate,
    open,
    openOnce,
  };
}

/** Opens place by place. One that does not open shows no content. */
const createOpenContent = (
  sealer: Pick<Sealer, "open">,
  onUnreadable: (error: unknown) => void,
): OpenContent =>
(place) =>
  openOr<Opened>(nothing, async () => {
    const { forwardedFrom = null, ...content } = JSON.parse(
      await sealer.open(place),
    ) as MessageContent & { forwardedFrom?: ForwardedFrom };
    return { content, forwardedFrom };
  }, onUnreadable);

type Opened = Awaited<ReturnType<OpenContent>>;

const nothing: Opened = { content: null, forwardedFrom: null };

const createOpen = (openContent: OpenContent): OpenMessages => (rows) =>
  Promise.all(rows.map(async ({ sealed, ...row }) => ({
    ...row,
    sealed,
    ...(sealed === null ? nothing : await openContent({ ...row, sealed })),
  })));
