import { type Command, reads } from "../changes/mod.ts";
import { forbidden, mayPin, type Narration } from "../chats/mod.ts";
import { blockedChats, refuseBlocked } from "../contacts/mod.ts";
import type { RevReply } from "../protocol/frames.ts";
import {
  alreadyDeleted,
  changeMessage,
  isSystem,
  type Target,
} from "./change.ts";
import type { MessageTable } from "./store.ts";

/** Pins a message, of which a group is told, or takes the pin off. Repeating it changes nothing. */
export function pinMessage(
  messages: MessageTable,
  narration: Narration,
  target: Target,
  pinned: boolean,
): Command<RevReply> {
  const { messageId } = target;
  const command = changeMessage(
    messages,
    target,
    (message, access, state) => {
      if (!mayPin(access)) {
        return forbidden("Only the owner and the admins of the chat may pin");
      }
      if (message.deletedAt !== null) return alreadyDeleted();
      if (isSystem(message)) {
        return forbidden("What the service tells cannot be pinned");
      }
      if ((message.pinnedAt !== null) === pinned) return "unchanged";
      const refusal = pinned ? refuseBlocked(state, target.chatId) : undefined;
      if (refusal) return refusal;
      const isNews = pinned && access.chat.kind === "group";
      const { seq } = message;
      return {
        change: pinned ? "pinned" : "unpinned",
        row: (now) => ({ ...message, pinnedAt: pinned ? now : null }),
        ...(isNews
          ? { told: { type: "system", event: "pinned", seq, messageId } }
          : {}),
      };
    },
    pinned ? [reads(blockedChats, [target])] : [],
    narration,
  );
  return { ...command, prepare: narration.prepare };
}
