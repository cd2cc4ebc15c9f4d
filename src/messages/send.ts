import {
  type Command,
  type Decision,
  put,
  reads,
  type State,
} from "../changes/mod.ts";
import {
  accessKeys,
  admit,
  chatTable,
  memberTable,
  postedAs,
  refuseToNobody,
  refuseTooSoon,
  refuseToSpeak,
  refuseToWrite,
  sees,
  sentRows,
} from "../chats/mod.ts";
import { blockedChats, refuseBlocked } from "../contacts/mod.ts";
import { isoTime } from "../lib/iso_time.ts";
import type { ChatId, MessageId, UserId } from "../protocol/ids.ts";
import type { Content } from "../protocol/messages.ts";
import { Problem } from "../protocol/problem.ts";
import type { SendReply } from "../protocol/frames.ts";
import type { Sealed } from "../crypto/sealer.ts";
import {
  mentionsOfNew,
  readsOfMentions,
  withAllowedMentions,
} from "./mentions.ts";
import { broadcastOf } from "./shape.ts";
import { receipts } from "./receipt_store.ts";
import { receiptUpdated } from "./receipts.ts";
import {
  type MessageRow,
  type MessageTable,
  type PlaceRow,
  places,
} from "./store.ts";

export interface NewMessage {
  readonly chatId: ChatId;
  readonly messageId: MessageId;
  readonly senderId: UserId;
  readonly content: Content;
  readonly replyTo: MessageId | undefined;
}

/** Gets what seals content for one message, then on the spot: what may be said is known under the lock. */
export type SealContent = (
  chatId: ChatId,
  messageId: MessageId,
) => Promise<(content: Content) => Sealed>;

/** A present member says something. Repeated with the same id, it answers with the first result. */
export function sendMessage(
  messages: MessageTable,
  sealing: SealContent,
  wish: NewMessage,
): Command<SendReply> {
  let seal: (content: Content) => Sealed;
  let sealed: Sealed;
  const keys = accessKeys(wish.chatId, wish.senderId);
  const { chatId, messageId, replyTo } = wish;
  return {
    scopes: [wish.chatId],
    reads: [
      reads(chatTable, keys.chat),
      reads(memberTable, keys.members),
      reads(blockedChats, keys.chat),
      reads(places, [{ messageId }]),
      reads(messages, replyTo ? [{ chatId, messageId: replyTo }] : []),
      ...readsOfMentions(chatId, wish.content),
    ],
    bytes: bytesOf(wish.content),
    prepare: async () => {
      seal = await sealing(chatId, messageId);
      sealed = seal(wish.content);
    },
    decide: (state) =>
      decide(
        state,
        messages,
        wish,
        (content) => content === wish.content ? sealed : seal(content),
      ),
  };
}

/** What the content takes as UTF-8 at most. */
export const bytesOf = ({ text, entities = [] }: Content): number =>
  3 * (text.length + (entities.length && JSON.stringify(entities).length));

function decide(
  state: State,
  messages: MessageTable,
  wish: NewMessage,
  seal: (content: Content) => Sealed,
): Decision<SendReply> {
  const { chatId, messageId, senderId } = wish;
  const access = admit(state, chatId, senderId);
  if (access instanceof Problem) return access;
  const stored = state.get(places, { messageId });
  if (stored?.chatId === chatId && stored.senderId === senderId) {
    return { reply: replyOf(stored, true) };
  }
  if (stored) {
    return new Problem("id_taken", {
      detail: "The messageId is already in use",
    });
  }
  const refusal = refuseToNobody(access) ?? refuseBlocked(state, chatId) ??
    refuseToWrite(access) ?? refuseTooSoon(access, state.now);
  if (refusal) return refusal;

  const target = wish.replyTo
    ? state.get(messages, { chatId, messageId: wish.replyTo })
    : undefined;
  if (wish.replyTo && !(target && sees(access, target))) {
    return new Problem("not_found", {
      detail: "The message to reply to is not in this chat",
    });
  }
  if (target && target.deletedAt !== null) {
    return new Problem("conflict", {
      detail: "The message to reply to was deleted",
    });
  }
  const unfit = refuseToSpeak(access, target);
  if (unfit) return unfit;
  const posted = postedAs(access, target !== undefined);
  const isTold = access.chat.kind !== "channel";
  const content = withAllowedMentions(wish.content, state, access);
  return {
    fact(numbers) {
      const rev = numbers.rev(chatId);
      const seq = numbers.seq(chatId);
      const row: MessageRow = {
        chatId,
        seq,
        rev,
        messageId,
        senderId,
        content,
        ...seal(content),
        replyToSeq: target?.seq ?? null,
        replyToId: target?.messageId ?? null,
        replyCount: 0,
        reactionCounts: [],
        createdAt: numbers.now,
        editedAt: null,
        pinnedAt: null,
        deletedAt: null,
        postedAs: posted,
        views: posted === null ? null : 0,
      };
      const receipt = { userId: senderId, deliveredSeq: seq, readSeq: seq };
      return {
        rows: [
          put(messages, row),
          put(places, row),
          ...sentRows(access, numbers.now),
          ...mentionsOfNew(row, content),
          // What a person wrote after, that person has read.
          put(receipts, { chatId, ...receipt }),
          ...(target
            ? [
              put(messages, {
                ...target,
                replyCount: target.replyCount + 1,
                rev,
              }),
            ]
            : []),
        ],
        events: [{
          chat: chatId,
          rev,
          event: {
            type: "message.created",
            chatId,
            rev,
            message: broadcastOf(row),
          },
        }, ...(isTold ? [] : [receiptUpdated({ chatId, ...receipt }, true)])],
        reply: replyOf(row, false),
      };
    },
  };
}

const replyOf = (
  { messageId, seq, rev, createdAt }: PlaceRow,
  duplicate: boolean,
) => ({
  messageId,
  seq,
  rev,
  createdAt: isoTime(createdAt),
  duplicate,
});
