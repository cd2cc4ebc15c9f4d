import { forbidden, mayTouchPost } from "../chats/mod.ts";
import { type Command, reads } from "../changes/mod.ts";
import { blockedChats, refuseBlocked } from "../contacts/mod.ts";
import type { Sealed } from "../crypto/sealer.ts";
import type { RevReply } from "../protocol/frames.ts";
import type { Content } from "../protocol/messages.ts";
import {
  alreadyDeleted,
  changeMessage,
  isTold,
  type Target,
} from "./change.ts";
import {
  mentionsOfChanged,
  readsOfMentions,
  withAllowedMentions,
} from "./mentions.ts";
import { bytesOf, type SealContent } from "./send.ts";
import type { MessageTable } from "./store.ts";

/** A sender says it differently. */
export function editMessage(
  messages: MessageTable,
  sealing: SealContent,
  target: Target,
  content: Content,
): Command<RevReply> {
  const { chatId, messageId } = target;
  let seal: (content: Content) => Sealed;
  const command = changeMessage(messages, target, (message, access, state) => {
    if (
      message.senderId !== target.by ||
      !mayTouchPost(access, message.postedAs)
    ) {
      return forbidden("Only its sender may edit a message");
    }
    if (message.deletedAt !== null) return alreadyDeleted();
    if (isTold(message)) return forbidden("What the service tells stays so");
    const refusal = refuseBlocked(state, chatId);
    if (refusal) return refusal;
    const allowed = withAllowedMentions(content, state, access);
    return {
      change: "edited",
      row: (now) => ({
        ...message,
        content: allowed,
        ...seal(allowed),
        editedAt: now,
      }),
      rows: [mentionsOfChanged(message, allowed)],
    };
  }, [reads(blockedChats, [target]), ...readsOfMentions(chatId, content)]);
  return {
    ...command,
    bytes: bytesOf(content),
    prepare: async () => {
      seal = await sealing(chatId, messageId);
    },
  };
}
