import { z } from "zod";
import type { Bearer } from "../http/bearer.ts";
import { callerRoute, json } from "../http/route.ts";
import { createRouter } from "../http/router.ts";
import { Ban } from "../protocol/groups.ts";
import { ChatId, UserId } from "../protocol/ids.ts";
import { listOf, ListQuery } from "../protocol/page.ts";
import type { Chats } from "./mod.ts";

const tags = ["Chats"];
const inChat = z.object({ chatId: ChatId });
const ofPerson = inChat.extend({ userId: UserId });
const done = { 204: { description: "Done" } };

/** The door to those who cannot come in. */
export function banRoutes(chats: Chats, bearer: Bearer) {
  const router = createRouter();

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/chats/{chatId}/bans",
      operationId: "listBans",
      tags,
      summary: "List those who are banned, the latest ban first",
      description:
        "For the owner, and admins with the right `banMembers`, of a group or channel.",
      request: { params: inChat, query: ListQuery },
      responses: { 200: json(listOf(Ban), "A page of the bans") },
      problems: ["forbidden", "not_found"],
    }),
    async (c) => {
      const { chatId } = c.req.valid("param");
      const { userId } = c.var.caller;
      const query = c.req.valid("query");
      return c.json(await chats.listBans(chatId, userId, query), 200);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "put",
      path: "/chats/{chatId}/bans/{userId}",
      operationId: "banMember",
      tags,
      summary: "Ban a person from a group or channel",
      description:
        "Takes out who is in it, and keeps out, whichever way the person would come, until unbanned. Repeating it changes nothing.",
      request: { params: ofPerson },
      responses: done,
      problems: ["forbidden", "not_found"],
    }),
    async (c) => {
      const { chatId, userId } = c.req.valid("param");
      await chats.ban(chatId, c.var.caller.userId, userId);
      return c.body(null, 204);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "delete",
      path: "/chats/{chatId}/bans/{userId}",
      operationId: "unbanMember",
      tags,
      summary: "Let a banned person come in again",
      request: { params: ofPerson },
      responses: done,
      problems: ["forbidden", "not_found"],
    }),
    async (c) => {
      const { chatId, userId } = c.req.valid("param");
      await chats.unban(chatId, c.var.caller.userId, userId);
      return c.body(null, 204);
    },
  );

  return router;
}
