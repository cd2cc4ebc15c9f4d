import type { Command } from "../changes/mod.ts";
import type { Sealed } from "../crypto/sealer.ts";
import type { SendReply } from "../protocol/frames.ts";
import type { ChatId, MessageId } from "../protocol/ids.ts";
import type { Content } from "../protocol/messages.ts";
import { readsOfMentions, withAllowedMentions } from "./mentions.ts";
import { Problem } from "../protocol/problem.ts";
import { decideNew, type NewMessage, readsOfNew } from "./new_message.ts";
import { hasEnded } from "./polls.ts";
import type { MessageTable, Opened } from "./store.ts";

/** Gets what seals content for one message, then on the spot: what may be said is known under the lock. */
export type SealContent = (
  chatId: ChatId,
  messageId: MessageId,
) => Promise<(said: Opened) => Sealed>;

/** A present member says something. */
export function sendMessage(
  messages: MessageTable,
  sealing: SealContent,
  wish: NewMessage,
  content: Content,
): Command<SendReply> {
  const { chatId, messageId } = wish;
  let seal: (said: Opened) => Sealed;
  let sealed: Sealed;
  return {
    scopes: [chatId],
    reads: [
      ...readsOfNew(messages, wish),
      ...readsOfMentions(chatId, content),
    ],
    bytes: bytesOf(content),
    prepare: async () => {
      seal = await sealing(chatId, messageId);
      sealed = seal({ content, forwardedFrom: null });
    },
    decide: (state) =>
      decideNew(state, messages, wish, (access) => {
        if (content.type === "poll" && hasEnded(content, state.now)) {
          return new Problem("invalid_input", {
            errors: [{
              path: "content.closesAt",
              message: "Must lie ahead",
            }],
          });
        }
        const said = {
          content: withAllowedMentions(content, state, access),
          forwardedFrom: null,
        };
        return { ...said, ...(said.content === content ? sealed : seal(said)) };
      }),
  };
}

/** What the content takes as UTF-8 at most. */
export const bytesOf = (content: Content): number =>
  content.type === "text" && !content.entities
    ? 3 * content.text.length
    : 3 * JSON.stringify(content).length;
