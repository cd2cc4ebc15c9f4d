import type { Command } from "../changes/mod.ts";
import { changePreferences } from "./change.ts";
import type { PreferencesKey } from "./store.ts";

/**
 * Hides everything up to the last message from one person, on all her devices. The others keep it, and
 * her receipts stay where they are: that she has read would be a lie.
 */
export const clearHistory = (key: PreferencesKey): Command<void> =>
  changePreferences(
    key,
    (before, lastSeq) =>
      before.clearedSeq >= lastSeq && !before.markedUnread
        ? "unchanged"
        : { row: { ...before, clearedSeq: lastSeq, markedUnread: false } },
    { withHead: true },
  );
