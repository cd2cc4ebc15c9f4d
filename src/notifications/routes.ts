import { z } from "zod";
import type { Bearer } from "../http/bearer.ts";
import { callerRoute, json } from "../http/route.ts";
import { createRouter } from "../http/router.ts";
import { ChatId } from "../protocol/ids.ts";
import { Notification, NotificationCounts } from "../protocol/notifications.ts";
import { listOf, ListQuery } from "../protocol/page.ts";
import type { Notifications } from "./mod.ts";

const tags = ["Notifications"];

/** The door to notifications over HTTP. */
export function notificationRoutes(
  notifications: Notifications,
  bearer: Bearer,
) {
  const router = createRouter();

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/notifications",
      operationId: "listNotifications",
      tags,
      summary:
        "List chats with something new, mentions and contact requests, the newest first",
      description:
        "What is muted or silenced by its level is not among them. A chat and the mentions in it stand for themselves; the counts count the messages once.",
      request: { query: ListQuery },
      responses: { 200: json(listOf(Notification), "A page of them") },
    }),
    async (c) =>
      c.json(
        await notifications.list(c.var.caller.userId, c.req.valid("query")),
        200,
      ),
  );

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/notifications/counts",
      operationId: "countNotifications",
      tags,
      summary: "Count what there is to notify of",
      responses: { 200: json(NotificationCounts, "The counts") },
    }),
    async (c) => c.json(await notifications.counts(c.var.caller.userId), 200),
  );

  router.openapi(
    callerRoute(bearer, {
      method: "post",
      path: "/chats/{chatId}/notifications/clear",
      operationId: "clearNotifications",
      tags,
      summary: "Put the notifications of a chat away, without reading it",
      description:
        "Everything up to the present last message, and a mark set by hand, on all devices of the account. The receipts stay where they are.",
      request: { params: z.object({ chatId: ChatId }) },
      responses: { 204: { description: "Done" } },
      problems: ["not_found"],
    }),
    async (c) => {
      const { chatId } = c.req.valid("param");
      await notifications.clear(chatId, c.var.caller.userId);
      return c.body(null, 204);
    },
  );

  return router;
}
