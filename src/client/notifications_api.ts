import type { ChatId } from "../protocol/ids.ts";
import type {
  Notification,
  NotificationCounts,
} from "../protocol/notifications.ts";
import type { List } from "../protocol/page.ts";
import type { CallOptions, ListOptions } from "./chats_api.ts";
import type { Rest } from "./rest.ts";

/** What is worth the account's attention, over REST. */
export interface NotificationsApi {
  /** Chats with something new, mentions and contact requests; the newest first. */
  list(options?: ListOptions): Promise<List<Notification>>;
  counts(options?: CallOptions): Promise<NotificationCounts>;
  /** Puts the notifications of a chat away, without reading it. */
  clear(chatId: ChatId, options?: CallOptions): Promise<void>;
}

export function createNotificationsApi({ call }: Rest): NotificationsApi {
  const path = "/notifications";
  return {
    list: ({ signal, ...query } = {}) =>
      call({ method: "GET", path, query, signal }),
    counts: ({ signal } = {}) =>
      call({ method: "GET", path: `${path}/counts`, signal }),
    clear: (chatId, { signal } = {}) =>
      call({
        method: "POST",
        path: `/chats/${chatId}/notifications/clear`,
        // Put away twice is put away once.
        repeatable: true,
        signal,
      }),
  };
}
