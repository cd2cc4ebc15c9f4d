import { z } from "zod";
import type { Bearer } from "../http/bearer.ts";
import { body, callerRoute, json } from "../http/route.ts";
import { createRouter } from "../http/router.ts";
import { RevReply } from "../protocol/frames.ts";
import { ChatId, MessageId } from "../protocol/ids.ts";
import {
  CursorMove,
  DeleteFor,
  EarlierContent,
  EditMessage,
  History,
  HistoryQuery,
  Message,
  MessageStatus,
  SendMessage,
  SentMessage,
} from "../protocol/messages.ts";
import { listOf, ListQuery } from "../protocol/page.ts";
import { Emoji } from "../protocol/text.ts";
import type { Messages } from "./mod.ts";
import { pollRoutes } from "./poll_routes.ts";

export { previewRoutes, type PreviewRoutesParts } from "./preview_routes.ts";

const tags = ["Messages"];
const inChat = z.object({ chatId: ChatId });
const ofMessage = inChat.extend({ messageId: MessageId });
const ofReaction = ofMessage.extend({ emoji: Emoji });

/** The door to messages over HTTP. */
export function messageRoutes(messages: Messages, bearer: Bearer) {
  const router = createRouter();

  router.openapi(
    callerRoute(bearer, {
      method: "post",
      path: "/chats/{chatId}/messages",
      operationId: "sendMessage",
      tags,
      summary: "Send a message",
      description:
        "Answered once the message is durable. Idempotent on `messageId`. With `forward` in place of `content` it passes on what stands elsewhere.",
      request: { params: inChat, body: body(SendMessage) },
      responses: {
        201: json(SentMessage, "Stored"),
        200: json(SentMessage, "Was stored before"),
      },
      problems: [
        "forbidden",
        "blocked",
        "slow_mode",
        "not_found",
        "id_taken",
        "conflict",
      ],
    }),
    async (c) => {
      const { chatId } = c.req.valid("param");
      const { userId } = c.var.caller;
      const sent = await messages.send(chatId, userId, c.req.valid("json"));
      const message = await messages.read(chatId, userId, sent.messageId);
      return sent.duplicate
        ? c.json({ ...message, duplicate: true }, 200)
        : c.json(message, 201);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/chats/{chatId}/messages",
      operationId: "listMessages",
      tags,
      summary: "Read a page of the chat, ascending by seq",
      description:
        "Give at most one of `before`, `after` and `around`; none of them for the latest page.",
      request: { params: inChat, query: HistoryQuery },
      responses: { 200: json(History, "The page") },
      problems: ["not_found"],
    }),
    async (c) => {
      const { chatId } = c.req.valid("param");
      const page = await messages.history(
        chatId,
        c.var.caller.userId,
        c.req.valid("query"),
      );
      return c.json(page, 200);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/chats/{chatId}/messages/{messageId}",
      operationId: "getMessage",
      tags,
      summary: "Read one message",
      request: { params: ofMessage },
      responses: { 200: json(Message, "The message") },
      problems: ["not_found"],
    }),
    async (c) => {
      const { chatId, messageId } = c.req.valid("param");
      return c.json(
        await messages.read(chatId, c.var.caller.userId, messageId),
        200,
      );
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "patch",
      path: "/chats/{chatId}/messages/{messageId}",
      operationId: "editMessage",
      tags,
      summary: "Edit the content of one's own message",
      request: { params: ofMessage, body: body(EditMessage) },
      responses: { 200: json(Message, "The message as it is now") },
      problems: ["forbidden", "blocked", "not_found", "conflict"],
    }),
    async (c) => {
      const { chatId, messageId } = c.req.valid("param");
      const { userId } = c.var.caller;
      await messages.edit(
        { chatId, messageId, by: userId },
        c.req.valid("json").content,
      );
      return c.json(await messages.read(chatId, userId, messageId), 200);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "delete",
      path: "/chats/{chatId}/messages/{messageId}",
      operationId: "deleteMessage",
      tags,
      summary: "Delete a message for oneself or for everyone",
      description:
        "For everyone: one's own message, and as owner or admin of a group or channel any. It keeps its `seq` and loses its content.",
      request: {
        params: ofMessage,
        query: z.object({ for: DeleteFor.default("everyone") }),
      },
      responses: { 200: json(RevReply, "Deleted") },
      problems: ["forbidden", "not_found"],
    }),
    async (c) => {
      const target = { ...c.req.valid("param"), by: c.var.caller.userId };
      return c.json(
        await messages.delete(target, c.req.valid("query").for),
        200,
      );
    },
  );

  for (const [method, active] of [["put", true], ["delete", false]] as const) {
    router.openapi(
      callerRoute(bearer, {
        method,
        path: "/chats/{chatId}/messages/{messageId}/reactions/{emoji}",
        operationId: active ? "addReaction" : "removeReaction",
        tags,
        summary: active ? "React with an emoji" : "Take a reaction back",
        request: { params: ofReaction },
        responses: { 200: json(RevReply, "The message's rev now") },
        problems: active
          ? ["blocked", "not_found", "conflict"]
          : ["not_found", "conflict"],
      }),
      async (c) => {
        const { emoji, ...ids } = c.req.valid("param");
        const target = { ...ids, by: c.var.caller.userId };
        return c.json(await messages.react(target, emoji, active), 200);
      },
    );

    router.openapi(
      callerRoute(bearer, {
        method,
        path: "/chats/{chatId}/messages/{messageId}/pin",
        operationId: active ? "pinMessage" : "unpinMessage",
        tags,
        summary: active ? "Pin a message" : "Take the pin off",
        description:
          "For those with the right `pinMessages`; in a direct chat for both people.",
        request: { params: ofMessage },
        responses: { 200: json(RevReply, "The message's rev now") },
        problems: active
          ? ["forbidden", "blocked", "not_found", "conflict"]
          : ["forbidden", "not_found", "conflict"],
      }),
      async (c) => {
        const target = { ...c.req.valid("param"), by: c.var.caller.userId };
        return c.json(await messages.pin(target, active), 200);
      },
    );
  }

  pollRoutes(router, messages, bearer);

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/chats/{chatId}/messages/{messageId}/replies",
      operationId: "listReplies",
      tags,
      summary: "Read the thread under a message",
      request: { params: ofMessage, query: ListQuery },
      responses: {
        200: json(listOf(Message), "A page of the replies, ascending by seq"),
      },
      problems: ["not_found"],
    }),
    async (c) => {
      const { chatId, messageId } = c.req.valid("param");
      const query = c.req.valid("query");
      return c.json(
        await messages.replies(chatId, c.var.caller.userId, messageId, query),
        200,
      );
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/chats/{chatId}/messages/{messageId}/edits",
      operationId: "listEdits",
      tags,
      summary: "Read what a message said before it was edited",
      description:
        "The latest first, of which a bounded number is kept. Gone once the message is deleted for everyone.",
      request: { params: ofMessage, query: ListQuery },
      responses: {
        200: json(listOf(EarlierContent), "A page of the earlier contents"),
      },
      problems: ["not_found"],
    }),
    async (c) => {
      const { chatId, messageId } = c.req.valid("param");
      const { userId } = c.var.caller;
      const query = c.req.valid("query");
      return c.json(
        await messages.edits(chatId, userId, messageId, query),
        200,
      );
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/chats/{chatId}/messages/{messageId}/status",
      operationId: "getMessageStatus",
      tags,
      summary: "How far a message has come, member by member",
      description:
        "In channels, and in groups of more than 1,024, nobody is told: it is `sent`, and `members` is empty.",
      request: { params: ofMessage },
      responses: { 200: json(MessageStatus, "The status") },
      problems: ["not_found"],
    }),
    async (c) => {
      const { chatId, messageId } = c.req.valid("param");
      return c.json(
        await messages.status(chatId, c.var.caller.userId, messageId),
        200,
      );
    },
  );

  for (
    const [path, cursor, operationId] of [
      ["read", "readSeq", "markRead"],
      ["delivered", "deliveredSeq", "markDelivered"],
    ] as const
  ) {
    router.openapi(
      callerRoute(bearer, {
        method: "post",
        path: `/chats/{chatId}/${path}`,
        operationId,
        tags,
        summary: `Move one's ${cursor} forward`,
        description: "A cursor never moves back, nor past the last message.",
        request: { params: inChat, body: body(CursorMove) },
        responses: { 204: { description: "Moved, or already there" } },
        problems: ["not_found"],
      }),
      async (c) => {
        const { chatId } = c.req.valid("param");
        const { seq } = c.req.valid("json");
        await messages.advanceReceipt(chatId, c.var.caller.userId, {
          [cursor]: seq,
        });
        return c.body(null, 204);
      },
    );
  }

  return router;
}
