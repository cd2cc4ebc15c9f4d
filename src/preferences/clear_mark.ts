import type { Command } from "../changes/mod.ts";
import { changePreferences } from "./change.ts";
import type { PreferencesKey } from "./store.ts";

/** What was marked unread by hand has been read. */
export const clearMark = (key: PreferencesKey): Command<void> =>
  changePreferences(
    key,
    (before) =>
      before.markedUnread
        ? { row: { ...before, markedUnread: false } }
        : "unchanged",
  );
