import { type Command, reads, type State } from "../changes/mod.ts";
import {
  accessKeys,
  admit,
  type ChatRow,
  chatTable,
  forbidden,
  memberTable,
  sees,
} from "../chats/mod.ts";
import type { Sealed } from "../crypto/sealer.ts";
import { isoTime } from "../lib/iso_time.ts";
import { preferencesTable } from "../preferences/mod.ts";
import type { SendReply } from "../protocol/frames.ts";
import type { UserId } from "../protocol/ids.ts";
import { limits } from "../protocol/limits.ts";
import type { ForwardedFrom, ForwardRef } from "../protocol/messages.ts";
import { Problem } from "../protocol/problem.ts";
import { alreadyDeleted } from "./change.ts";
import { hiddenMessages } from "./hidden_store.ts";
import { withoutMentions } from "./mentions.ts";
import { decideNew, type NewMessage, readsOfNew } from "./new_message.ts";
import type { SealContent } from "./send.ts";
import type { MessageRow, MessageTable, Opened } from "./store.ts";

/**
 * A present member passes on what stands in a chat that she may read. The origin is read in the
 * transaction that decides, but not locked: it says the same to one who is removed from it just then as
 * to one who was a moment faster, and a much-forwarded chat must not wait for its readers.
 */
export function forwardMessage(
  messages: MessageTable,
  sealing: SealContent,
  keepKeys: (chatId: ForwardRef["chatId"]) => Promise<void>,
  wish: NewMessage,
  origin: ForwardRef,
): Command<SendReply> {
  const { senderId } = wish;
  const keys = accessKeys(origin.chatId, senderId);
  let seal: (said: Opened) => Sealed;
  return {
    scopes: [wish.chatId],
    reads: [
      ...readsOfNew(messages, wish),
      reads(chatTable, keys.chat),
      reads(memberTable, keys.members),
      reads(messages, [origin]),
      reads(preferencesTable, [{ userId: senderId, chatId: origin.chatId }]),
      reads(hiddenMessages, [{
        userId: senderId,
        messageId: origin.messageId,
      }]),
    ],
    bytes: 3 * limits.textLength,
    prepare: async () => {
      seal = await sealing(wish.chatId, wish.messageId);
      await keepKeys(origin.chatId);
    },
    decide: (state) =>
      decideNew(state, messages, wish, () => {
        const original = originalOf(state, messages, senderId, origin);
        if (original instanceof Problem) return original;
        if (original.deletedAt !== null) return alreadyDeleted();
        if (original.content === null) return notThere();
        if (original.content.type === "system") {
          return forbidden("What the service tells is not passed on");
        }
        const said = {
          // Whoever was meant there is not meant here.
          content: withoutMentions(original.content),
          forwardedFrom: original.forwardedFrom ??
            firstSaidIn(state.get(chatTable, original), original),
        };
        return { ...said, ...seal(said) };
      }),
  };
}

function originalOf(
  state: State,
  messages: MessageTable,
  userId: UserId,
  { chatId, messageId }: ForwardRef,
): MessageRow | Problem {
  const original = state.get(messages, { chatId, messageId });
  const access = admit(state, chatId, userId);
  const isReadable = original && !(access instanceof Problem) &&
    sees(access, original) &&
    !state.get(hiddenMessages, { userId, messageId });
  const { clearedSeq = 0 } = state.get(preferencesTable, { userId, chatId }) ??
    {};
  return isReadable && original.seq > clearedSeq ? original : notThere();
}

const notThere = () =>
  new Problem("not_found", { detail: "There is no such message to forward" });

/**
 * Who said it, but not where: whoever reads it here need not know that there is such a chat. A post of a
 * channel that anybody may find names the channel instead; an unsigned one of another nothing at all.
 */
function firstSaidIn(
  chat: ChatRow | undefined,
  { chatId, seq, senderId, postedAs, createdAt }: MessageRow,
): ForwardedFrom {
  const isPublic = chat?.visibility === "public" && postedAs !== null;
  return {
    ...(isPublic
      ? { chatId, seq }
      : postedAs === "channel"
      ? {}
      : { userId: senderId }),
    createdAt: isoTime(createdAt),
  };
}
