import { z } from "zod";
import type { Bearer } from "../http/bearer.ts";
import { callerRoute, json } from "../http/route.ts";
import { createRouter } from "../http/router.ts";
import { AccountExport } from "../protocol/export.ts";
import { ChatId } from "../protocol/ids.ts";
import { limits } from "../protocol/limits.ts";
import { listOf } from "../protocol/page.ts";
import { Changes, ChatItem, ChatListQuery, Sync } from "../protocol/sync.ts";
import { Counter } from "../protocol/text.ts";
import type { Exports, Inbox } from "./mod.ts";

const inChat = z.object({ chatId: ChatId });

/** The door to the inbox over HTTP. */
export function inboxRoutes(inbox: Inbox, exports: Exports, bearer: Bearer) {
  const router = createRouter();

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/chats",
      operationId: "listChats",
      tags: ["Chats"],
      summary:
        "List one's chats, the pinned ones first, then the latest activity",
      request: { query: ChatListQuery },
      responses: { 200: json(listOf(ChatItem), "A page of the chats") },
    }),
    async (c) =>
      c.json(
        await inbox.listChats(c.var.caller.userId, c.req.valid("query")),
        200,
      ),
  );

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/chats/{chatId}",
      operationId: "getChat",
      tags: ["Chats"],
      summary: "Read one chat",
      request: { params: inChat },
      responses: { 200: json(ChatItem, "The chat") },
      problems: ["not_found"],
    }),
    async (c) => {
      const { chatId } = c.req.valid("param");
      return c.json(await inbox.readChat(chatId, c.var.caller.userId), 200);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/chats/{chatId}/changes",
      operationId: "getChanges",
      tags: ["Sync"],
      summary: "Read what changed in a chat after a rev, oldest change first",
      request: {
        params: inChat,
        query: z.object({
          since: z.coerce.number().pipe(Counter),
          limit: z.coerce.number().int().min(1).max(limits.pageItems).default(
            limits.pageItems,
          ),
        }),
      },
      responses: { 200: json(Changes, "A page of the changes") },
      problems: ["not_found"],
    }),
    async (c) => {
      const { chatId } = c.req.valid("param");
      const { since, limit } = c.req.valid("query");
      const page = await inbox.readChanges(
        chatId,
        c.var.caller.userId,
        since,
        limit,
      );
      return c.json(page, 200);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/sync",
      operationId: "sync",
      tags: ["Sync"],
      summary:
        "Read which chats, and what of the account, changed since a cursor",
      request: {
        query: z.object({ cursor: z.string().min(1).max(512).optional() }),
      },
      responses: {
        200: json(Sync, "What changed; without a cursor, all there is"),
      },
    }),
    async (c) =>
      c.json(
        await inbox.readSync(c.var.caller, c.req.valid("query").cursor),
        200,
      ),
  );

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/me/export",
      operationId: "exportMe",
      tags: ["Accounts"],
      summary: "Everything the service holds on the account",
      description:
        "One JSON document, sent piece by piece as fast as it is read. Of the messages it holds what the account sent, not what others sent to it. An answer that breaks off is not whole JSON: it ends when the device is signed out, and when the service stops. Three can be begun at once, and one more every ten minutes.",
      responses: { 200: json(AccountExport, "The document") },
    }),
    async (c) =>
      // The types know JSON as a value; this is the same as a stream.
      c.body(await exports.read(c.var.caller), 200, {
        "content-type": "application/json",
        "content-disposition": 'attachment; filename="parley-account.json"',
      }) as never,
  );

  return router;
}
