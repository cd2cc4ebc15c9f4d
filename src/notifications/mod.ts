/**
 * What is worth a person's attention. Nothing of it is stored: it follows from how far she has read,
 * cleared and put away, so it cannot drift.
 *
 * @module
 */
import type { Preferences } from "../preferences/mod.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";

/** Every verb rejects with a `Problem`; a chat the caller is not in answers `not_found`. */
export interface Notifications {
  /** Puts the notifications of a chat away. */
  clear(chatId: ChatId, by: UserId): Promise<void>;
}

export interface NotificationsParts {
  readonly preferences: Pick<Preferences, "clearNotifications">;
}

export function createNotifications(
  { preferences }: NotificationsParts,
): Notifications {
  return { clear: preferences.clearNotifications };
}
