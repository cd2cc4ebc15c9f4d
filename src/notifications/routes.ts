import { z } from "zod";
import type { Bearer } from "../http/bearer.ts";
import { callerRoute } from "../http/route.ts";
import { createRouter } from "../http/router.ts";
import { ChatId } from "../protocol/ids.ts";
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
