/**
 * What is worth a person's attention: chats with something new, mentions, contact requests. Nothing of
 * it is stored. It follows from how far she has read, cleared and put away, so it cannot drift.
 *
 * Only deleted chats, and those she has left, drop out by themselves. Archiving silences nothing.
 *
 * @module
 */
import type { Database } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import type { Turns } from "../lib/turns.ts";
import type { Preferences } from "../preferences/mod.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import type {
  Notification,
  NotificationCounts,
} from "../protocol/notifications.ts";
import type { List, ListQuery } from "../protocol/page.ts";
import { countNotifications } from "./count.ts";
import { listNotifications } from "./list.ts";

/** Every verb rejects with a `Problem`; a chat the caller is not in answers `not_found`. */
export interface Notifications {
  list(by: UserId, query: ListQuery): Promise<List<Notification>>;
  counts(by: UserId): Promise<NotificationCounts>;
  /** Puts the notifications of a chat away, without reading it. */
  clear(chatId: ChatId, by: UserId): Promise<void>;
}

export interface NotificationsParts {
  readonly db: Database;
  readonly preferences: Pick<Preferences, "clearNotifications">;
  /** The time that mutes run out by. */
  readonly clock: Clock;
  /** Large pages of one person take turns. */
  readonly turns: Turns;
}

export function createNotifications(
  { db, preferences, clock, turns }: NotificationsParts,
): Notifications {
  const moment = (userId: UserId) => ({ userId, now: new Date(clock()) });
  return {
    list: (by, query) =>
      turns(by, () => listNotifications(db, moment(by), query)),
    counts: (by) => turns(by, () => countNotifications(db, moment(by))),
    clear: preferences.clearNotifications,
  };
}
