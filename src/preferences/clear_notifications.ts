import type { Command } from "../changes/mod.ts";
import { changePreferences } from "./change.ts";
import type { PreferencesKey } from "./store.ts";

/**
 * Puts away what there is to notify of in a chat up to its last message, a mark set by hand included.
 * It reads nothing: the sender learns nothing of it.
 */
export const clearNotifications = (key: PreferencesKey): Command<void> =>
  changePreferences(key, (before, lastSeq) => {
    if (before.notifiedSeq >= lastSeq && !before.markedUnread) {
      return "unchanged";
    }
    return {
      row: { ...before, notifiedSeq: lastSeq, markedUnread: false },
      event: ({ userId, chatId, accountRev, notifiedSeq }) => ({
        account: userId,
        rev: accountRev,
        event: {
          type: "notification.cleared",
          accountRev,
          chatId,
          seq: notifiedSeq,
        },
      }),
    };
  }, { withHead: true });
