import {
  type Decision,
  put,
  type Read,
  reads,
  type State,
} from "../changes/mod.ts";
import {
  type Access,
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
import type { Sealed } from "../crypto/sealer.ts";
import { isoTime } from "../lib/iso_time.ts";
import type { SendReply } from "../protocol/frames.ts";
import type { ChatId, MessageId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { makeMessage } from "./make_message.ts";
import { mentionsOfNew } from "./mentions.ts";
import { newTally } from "./polls.ts";
import { receipts } from "./receipt_store.ts";
import { receiptUpdated } from "./receipts.ts";
import {
  type MessageTable,
  type Opened,
  type PlaceRow,
  places,
} from "./store.ts";

/** A message to be, whatever it will say. */
export interface NewMessage {
  readonly chatId: ChatId;
  readonly messageId: MessageId;
  readonly senderId: UserId;
  readonly replyTo: MessageId | undefined;
}

/** What it says, sealed for its place. */
export type Said = Opened & Sealed;

/** What `decideNew` wants to see. */
export function readsOfNew(
  messages: MessageTable,
  { chatId, messageId, senderId, replyTo }: NewMessage,
): Read[] {
  const keys = accessKeys(chatId, senderId);
  return [
    reads(chatTable, keys.chat),
    reads(memberTable, keys.members),
    reads(blockedChats, keys.chat),
    reads(places, [{ messageId }]),
    reads(messages, replyTo ? [{ chatId, messageId: replyTo }] : []),
  ];
}

/**
 * A present member's message comes into the chat. Repeated with the same id, it answers with the first
 * result; only one that is new is asked what it `says`.
 */
export function decideNew(
  state: State,
  messages: MessageTable,
  wish: NewMessage,
  says: (access: Access) => Said | Problem,
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
  const said = says(access);
  if (said instanceof Problem) return said;
  return {
    fact(numbers) {
      const { row, rows, event } = makeMessage(messages, numbers, {
        chatId,
        messageId,
        senderId,
        ...said,
        replyToSeq: target?.seq ?? null,
        replyToId: target?.messageId ?? null,
        postedAs: posted,
        views: posted === null ? null : 0,
        poll: newTally(said.content),
      });
      const { seq, rev } = row;
      const receipt = { userId: senderId, deliveredSeq: seq, readSeq: seq };
      return {
        rows: [
          ...rows,
          ...sentRows(access, numbers.now),
          ...mentionsOfNew(row, said.content),
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
        events: [
          event,
          ...(isTold ? [] : receiptUpdated({
            chatId,
            ...receipt,
            shownSeq: seq,
            isTold,
            isDirect: false,
          })),
        ],
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
