import { forbidden, mayTouchPost } from "../chats/mod.ts";
import type { Command } from "../changes/mod.ts";
import type { Sealed } from "../crypto/sealer.ts";
import type { RevReply } from "../protocol/frames.ts";
import type { Content } from "../protocol/messages.ts";
import { alreadyDeleted, changeMessage, type Target } from "./change.ts";
import { bytesOf, type SealContent } from "./send.ts";
import type { MessageTable } from "./store.ts";

/** A sender says it differently. */
export function editMessage(
  messages: MessageTable,
  seal: SealContent,
  target: Target,
  content: Content,
): Command<RevReply> {
  let sealed: Sealed;
  const command = changeMessage(messages, target, (message, access) => {
    if (
      message.senderId !== target.by ||
      !mayTouchPost(access, message.postedAs)
    ) {
      return forbidden("Only its sender may edit a message");
    }
    if (message.deletedAt !== null) return alreadyDeleted();
    return {
      change: "edited",
      row: (now) => ({ ...message, content, ...sealed, editedAt: now }),
    };
  });
  return {
    ...command,
    bytes: bytesOf(content),
    prepare: async () => {
      sealed = await seal(target.chatId, target.messageId, content);
    },
  };
}
