import type { Announced } from "../changes/mod.ts";
import type { ChatPreferences, Draft } from "../protocol/preferences.ts";
import type { PreferencesKey, PreferencesRow } from "./store.ts";

/** The row of somebody who has set nothing yet. */
export const unset = (
  { userId, chatId }: PreferencesKey,
): PreferencesRow => ({
  userId,
  chatId,
  accountRev: 0,
  mutedUntil: null,
  notify: "all",
  pinned: false,
  archived: false,
  markedUnread: false,
  clearedSeq: 0,
  notifiedSeq: 0,
  draftKeyVersion: null,
  draftSealed: null,
});

/** Preferences as clients see them. */
export const preferencesOf = (row: PreferencesRow): ChatPreferences => ({
  accountRev: row.accountRev,
  mutedUntil: row.mutedUntil?.toISOString() ?? null,
  notify: row.notify,
  pinned: row.pinned,
  archived: row.archived,
  markedUnread: row.markedUnread,
  clearedSeq: row.clearedSeq,
  notifiedSeq: row.notifiedSeq,
});

/** Tells the devices of the account; `draft` only where it changed. */
export const preferencesUpdated = (
  row: PreferencesRow,
  draft?: Draft | null,
): Announced => ({
  account: row.userId,
  rev: row.accountRev,
  event: {
    type: "preferences.updated",
    accountRev: row.accountRev,
    chatId: row.chatId,
    preferences: preferencesOf(row),
    ...(draft === undefined ? {} : { draft }),
  },
});
