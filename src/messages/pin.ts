import { reads } from "../changes/mod.ts";
import { forbidden, mayPin } from "../chats/mod.ts";
import { blockedChats, refuseBlocked } from "../contacts/mod.ts";
import { alreadyDeleted, changeMessage, type Target } from "./change.ts";
import type { MessageTable } from "./store.ts";

/** Pins a message or takes the pin off. Repeating it changes nothing. */
export const pinMessage = (
  messages: MessageTable,
  target: Target,
  pinned: boolean,
) =>
  changeMessage(messages, target, (message, access, state) => {
    if (!mayPin(access)) {
      return forbidden("Only the owner and the admins of the group may pin");
    }
    if (message.deletedAt !== null) return alreadyDeleted();
    if ((message.pinnedAt !== null) === pinned) return "unchanged";
    const refusal = pinned ? refuseBlocked(state, target.chatId) : undefined;
    if (refusal) return refusal;
    return {
      change: pinned ? "pinned" : "unpinned",
      row: (now) => ({ ...message, pinnedAt: pinned ? now : null }),
    };
  }, pinned ? [reads(blockedChats, [target])] : []);
