import { z } from "zod";
import type { Bearer } from "../http/bearer.ts";
import { callerRoute, json } from "../http/route.ts";
import { createRouter } from "../http/router.ts";
import { Handle, PublicChannel } from "../protocol/chats.ts";
import { ChatId } from "../protocol/ids.ts";
import { listOf, ListQuery } from "../protocol/page.ts";
import { ChatItem } from "../protocol/sync.ts";
import { text } from "../protocol/text.ts";
import type { Chats, DescribeChat } from "./mod.ts";

const tags = ["Channels"];

/** The door to public channels, for those who have not subscribed. */
export function channelRoutes(
  chats: Chats,
  describe: DescribeChat,
  bearer: Bearer,
) {
  const router = createRouter();

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/channels",
      operationId: "findChannels",
      tags,
      summary: "Find public channels",
      description:
        "Those whose handle begins with the query, by handle, then those whose title does, by title. Without a query, all of them.",
      request: {
        query: ListQuery.extend({ query: text(0, 128).default("") }),
      },
      responses: { 200: json(listOf(PublicChannel), "A page of channels") },
    }),
    async (c) => c.json(await chats.findChannels(c.req.valid("query")), 200),
  );

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/channels/{handle}",
      operationId: "getChannel",
      tags,
      summary: "Look at a public channel",
      description:
        "What it shows of itself; what was said in it is for subscribers.",
      request: { params: z.object({ handle: Handle }) },
      responses: { 200: json(PublicChannel, "The channel") },
      problems: ["not_found"],
    }),
    async (c) =>
      c.json(await chats.readChannel(c.req.valid("param").handle), 200),
  );

  router.openapi(
    callerRoute(bearer, {
      method: "post",
      path: "/chats/{chatId}/join",
      operationId: "joinChannel",
      tags,
      summary: "Subscribe to a public channel",
      description:
        "Repeating it changes nothing. One leaves with `DELETE /chats/{chatId}/members/me`.",
      request: { params: z.object({ chatId: ChatId }) },
      responses: { 200: json(ChatItem, "The channel, now one's own") },
      problems: ["forbidden", "not_found"],
    }),
    async (c) => {
      const { chatId } = c.req.valid("param");
      const { userId } = c.var.caller;
      await chats.join(chatId, userId);
      return c.json(await describe(chatId, userId), 200);
    },
  );

  return router;
}
