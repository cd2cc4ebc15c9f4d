import type { Database } from "../db/database.ts";
import type { NotificationCounts } from "../protocol/notifications.ts";
import { chatCounts, type Moment, requestCount } from "./store.ts";

/** How much there is to notify of, from one moment of the database. */
export async function countNotifications(
  db: Database,
  moment: Moment,
): Promise<NotificationCounts> {
  const [chats, [requests]] = await db.snapshot(
    chatCounts(moment),
    requestCount(moment.userId),
  );
  const sum = (of: (chat: typeof chats[number]) => number) =>
    chats.reduce((total, chat) => total + of(chat), 0);
  const contactRequests = requests!.count;
  return {
    total: sum(({ count }) => count) + contactRequests,
    chats: Object.fromEntries(
      chats.map(({ chatId, count }) => [chatId, count]),
    ),
    contactRequests,
    mentions: sum(({ mentions }) => mentions),
  };
}
