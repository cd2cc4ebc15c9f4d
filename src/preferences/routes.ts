import { z } from "zod";
import type { DescribeChat } from "../chats/mod.ts";
import type { Bearer } from "../http/bearer.ts";
import { body, callerRoute, json } from "../http/route.ts";
import { createRouter } from "../http/router.ts";
import { ChatId } from "../protocol/ids.ts";
import { PreferencesPatch } from "../protocol/preferences.ts";
import { ChatItem } from "../protocol/sync.ts";
import type { Preferences } from "./mod.ts";

const tags = ["Chats"];
const inChat = z.object({ chatId: ChatId });

/** The door to what one sets for a chat, over HTTP. */
export function preferencesRoutes(
  preferences: Preferences,
  describe: DescribeChat,
  bearer: Bearer,
) {
  const router = createRouter();

  router.openapi(
    callerRoute(bearer, {
      method: "patch",
      path: "/chats/{chatId}/me",
      operationId: "updatePreferences",
      tags,
      summary: "Mute, pin, archive or mark a chat, or keep a draft in it",
      description:
        "For the caller alone, on all devices of the account. What is not named stays as it is. A draft is sealed like a message and shown to nobody else; a send takes it away where it says `clearDraft`.",
      request: { params: inChat, body: body(PreferencesPatch) },
      responses: { 200: json(ChatItem, "The chat as it is now") },
      problems: ["not_found"],
    }),
    async (c) => {
      const { chatId } = c.req.valid("param");
      const { userId } = c.var.caller;
      await preferences.update(chatId, userId, c.req.valid("json"));
      return c.json(await describe(chatId, userId), 200);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "delete",
      path: "/chats/{chatId}/history",
      operationId: "clearHistory",
      tags,
      summary: "Hide all messages so far from oneself",
      description:
        "Everything up to the present last message, on all devices of the account and for good. The others keep it, and the receipts stay where they are.",
      request: { params: inChat },
      responses: { 204: { description: "Done" } },
      problems: ["not_found"],
    }),
    async (c) => {
      const { chatId } = c.req.valid("param");
      await preferences.clearHistory(chatId, c.var.caller.userId);
      return c.body(null, 204);
    },
  );

  return router;
}
