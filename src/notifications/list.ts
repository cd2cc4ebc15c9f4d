import { z } from "zod";
import type { Database } from "../db/database.ts";
import { readTimeCursor, writeTimeCursor } from "../db/time_cursor.ts";
import type { Notification } from "../protocol/notifications.ts";
import { type List, type ListQuery, paged } from "../protocol/page.ts";
import {
  type Moment,
  notificationPage,
  type NotificationRow,
} from "./store.ts";

/** Chats with something new, mentions and contact requests together, the newest first. */
export async function listNotifications(
  db: Database,
  moment: Moment,
  { cursor, limit }: ListQuery,
): Promise<List<Notification>> {
  const after = cursor === undefined
    ? null
    : readTimeCursor(cursor, z.uuid().toLowerCase());
  const [rows] = await db.snapshot(notificationPage(moment, after, limit + 1));
  const page = paged(
    rows,
    limit,
    ({ at, id }) => writeTimeCursor({ at: at.toISOString(), id }),
  );
  return { ...page, items: page.items.map(notificationOf) };
}

function notificationOf(row: NotificationRow): Notification {
  const at = row.at.toISOString();
  if (row.chat) return { type: "chat", at, ...row.chat };
  if (row.mention) return { type: "mention", at, ...row.mention };
  return { type: "contactRequest", at, user: row.user! };
}
