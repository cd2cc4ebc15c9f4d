import { type Command, put, reads } from "../changes/mod.ts";
import {
  accessKeys,
  admit,
  chatTable,
  forbidden,
  mayDeleteFor,
  mayTouchPost,
  memberTable,
  sees,
} from "../chats/mod.ts";
import type { RevReply } from "../protocol/frames.ts";
import { Problem } from "../protocol/problem.ts";
import { changeMessage, isSystem, type Target } from "./change.ts";
import { hiddenMessages } from "./hidden_store.ts";
import { mentionsOfChanged } from "./mentions.ts";
import { type MessageTable, places } from "./store.ts";

/** Takes a message away from everyone. Its place in the order stays; what it said and carried goes. */
export const deleteForEveryone = (messages: MessageTable, target: Target) =>
  changeMessage(messages, target, (message, access) => {
    if (message.deletedAt !== null) return "unchanged";
    const sender = isSystem(message) ? undefined : message.senderId;
    if (
      !mayDeleteFor(access, sender) ||
      !mayTouchPost(access, message.postedAs)
    ) {
      return forbidden(
        "Only its sender, or an admin of the chat, may delete a message for everyone",
      );
    }
    return {
      change: "deleted",
      row: (now) => ({
        ...message,
        content: null,
        forwardedFrom: null,
        sealed: null,
        reactionCounts: [],
        pinnedAt: null,
        poll: null,
        deletedAt: now,
      }),
      rows: [mentionsOfChanged(message, null)],
    };
  });

/**
 * Takes a message out of one person's sight, on all her devices. It belongs to her account, so it
 * takes the account's counter; the reply carries the message's `rev`, which stays as it is.
 */
export function deleteForMe(
  { chatId, messageId, by }: Target,
): Command<RevReply> {
  const keys = accessKeys(chatId, by);
  const key = { userId: by, messageId };
  return {
    scopes: [by],
    reads: [
      reads(chatTable, keys.chat),
      reads(memberTable, keys.members),
      reads(places, [{ messageId }]),
      reads(hiddenMessages, [key]),
    ],
    decide(state) {
      const access = admit(state, chatId, by);
      if (access instanceof Problem) return access;
      const place = state.get(places, { messageId });
      if (place?.chatId !== chatId || !sees(access, place)) {
        return new Problem("not_found");
      }
      const { seq, rev } = place;
      if (state.get(hiddenMessages, key)) return { reply: { rev } };
      return {
        fact(numbers) {
          const accountRev = numbers.rev(by);
          return {
            rows: [
              put(hiddenMessages, { ...key, chatId, seq, accountRev }),
            ],
            events: [{
              account: by,
              rev: accountRev,
              event: {
                type: "message.hidden",
                accountRev,
                chatId,
                seq,
                messageId,
              },
            }],
            reply: { rev },
          };
        },
      };
    },
  };
}
