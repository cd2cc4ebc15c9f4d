/**
 * What one person sets for one chat, for herself alone: mute, level, pin, archive, a mark, a draft, and
 * up to where she has cleared it. It belongs to the account, so every change takes its counter and
 * reaches all its devices; nobody else learns of it. Drafts are content, and sealed like it.
 *
 * Archived chats stay archived when somebody writes, and leaving a chat keeps all of it.
 *
 * @module
 */
import type { EraseStep } from "../accounts/mod.ts";
import type { Changes } from "../changes/mod.ts";
import { openOr } from "../crypto/open_or.ts";
import type { Sealer } from "../crypto/sealer.ts";
import type { Database } from "../db/database.ts";
import { inBatches } from "../db/in_batches.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { Draft, type PreferencesPatch } from "../protocol/preferences.ts";
import { clearHistory } from "./clear_history.ts";
import { clearNotifications } from "./clear_notifications.ts";
import { type DraftRow, erasePreferencesOf } from "./store.ts";
import { updatePreferences } from "./update.ts";

export { clearingDraft } from "./clear_draft.ts";
export { clearMark } from "./clear_mark.ts";
export {
  clearedSeq,
  type DraftRow,
  draftsSince,
  preferences as preferencesTable,
  preferencesJson,
} from "./store.ts";

/** Opens a stored draft; null where there is none, and where it does not open. */
export type OpenDraft = (row: DraftRow) => Promise<Draft | null>;

/** Every verb rejects with a `Problem`; a chat the caller is not in answers `not_found`. */
export interface Preferences {
  update(chatId: ChatId, by: UserId, patch: PreferencesPatch): Promise<void>;
  /** Hides everything up to the last message from the caller. */
  clearHistory(chatId: ChatId, by: UserId): Promise<void>;
  /** Puts the caller's notifications of the chat away. */
  clearNotifications(chatId: ChatId, by: UserId): Promise<void>;
  readonly openDraft: OpenDraft;
}

export interface PreferencesParts {
  readonly changes: Changes;
  readonly sealer: Pick<Sealer, "sealDraft" | "openDraft">;
  /** Called for a stored draft that does not open: it was changed or moved, or its key is missing. */
  onUnreadable(error: unknown): void;
}

export function createPreferences(
  { changes, sealer, onUnreadable }: PreferencesParts,
): Preferences {
  return {
    update: (chatId, userId, patch) =>
      changes.submit(
        updatePreferences(
          { userId, chatId },
          patch,
          ({ chatId, userId }, draft) =>
            sealer.sealDraft(chatId, userId, JSON.stringify(draft)),
        ),
      ),
    clearHistory: (chatId, userId) =>
      changes.submit(clearHistory({ userId, chatId })),
    clearNotifications: (chatId, userId) =>
      changes.submit(clearNotifications({ userId, chatId })),
    async openDraft({ chatId, userId, draftKeyVersion, draftSealed }) {
      if (draftSealed === null || draftKeyVersion === null) return null;
      const [keyVersion, sealed] = [draftKeyVersion, draftSealed];
      return await openOr<Draft | null>(null, async () => {
        const place = { chatId, userId, keyVersion, sealed };
        return Draft.parse(JSON.parse(await sealer.openDraft(place)));
      }, onUnreadable);
    },
  };
}

/** Erases everything that a person has set for chats. */
export const erasePreferences = (db: Database): EraseStep => (userId, signal) =>
  inBatches(db, erasePreferencesOf(userId), signal);
