import { z } from "zod";
import type { Bearer } from "../http/bearer.ts";
import { body, callerRoute, json } from "../http/route.ts";
import { createRouter } from "../http/router.ts";
import {
  AddMembers,
  ChatPatch,
  CreateChat,
  Member,
  MemberPatch,
  MemberQuery,
} from "../protocol/chats.ts";
import { ChatId, UserId } from "../protocol/ids.ts";
import { listOf } from "../protocol/page.ts";
import { ChatItem, CreatedChat } from "../protocol/sync.ts";
import { banRoutes } from "./ban_routes.ts";
import { channelRoutes } from "./channel_routes.ts";
import type { Chats, DescribeChat } from "./mod.ts";

export { inviteRoutes } from "./invite_routes.ts";

const tags = ["Chats"];
const inChat = z.object({ chatId: ChatId });
const ofMember = inChat.extend({
  userId: z.union([UserId, z.literal("me")]).meta({
    description: "`me` for the caller",
  }),
});

/** The door to chats and their members over HTTP. */
export function chatRoutes(
  chats: Chats,
  describe: DescribeChat,
  bearer: Bearer,
) {
  const router = createRouter();
  const gone = { 204: { description: "Done" } };

  router.openapi(
    callerRoute(bearer, {
      method: "post",
      path: "/chats",
      operationId: "createChat",
      tags,
      summary: "Open a direct chat, or make a group or channel",
      description:
        "Idempotent on `chatId`; two people have one direct chat, whoever opens it. `forbidden` where a person's privacy (`writeFirst`, `addToGroups`) says so. Whoever reaches very many people in a short time, here and by adding members, is told to wait.",
      request: { body: body(CreateChat) },
      responses: {
        201: json(CreatedChat, "Made"),
        200: json(CreatedChat, "Was there before"),
      },
      problems: [
        "forbidden",
        "blocked",
        "not_found",
        "id_taken",
        "handle_taken",
      ],
    }),
    async (c) => {
      const { userId } = c.var.caller;
      const { chatId, duplicate } = await chats.create(
        userId,
        c.req.valid("json"),
      );
      const chat = await describe(chatId, userId);
      return duplicate
        ? c.json({ ...chat, duplicate: true }, 200)
        : c.json(chat, 201);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "patch",
      path: "/chats/{chatId}",
      operationId: "updateChat",
      tags,
      summary: "Change what a group or channel shows of itself",
      description:
        "For its owner, and admins with the right `changeInfo`; a group may leave `title` and `about` to everyone. Each of the `permissions` also needs the right that it is about (`sendMessages`: `postMessages`, `addMembers`: `inviteMembers`, `pinMessages`: `pinMessages`), and `visibility` needs `inviteMembers`.",
      request: { params: inChat, body: body(ChatPatch) },
      responses: { 200: json(ChatItem, "The chat as it is now") },
      problems: ["forbidden", "not_found", "conflict", "handle_taken"],
    }),
    async (c) => {
      const { chatId } = c.req.valid("param");
      const { userId } = c.var.caller;
      await chats.update(chatId, userId, c.req.valid("json"));
      return c.json(await describe(chatId, userId), 200);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "delete",
      path: "/chats/{chatId}",
      operationId: "deleteChat",
      tags,
      summary: "Delete a group or channel for everyone",
      description: "For its owner.",
      request: { params: inChat },
      responses: gone,
      problems: ["forbidden", "not_found"],
    }),
    async (c) => {
      await chats.delete(c.req.valid("param").chatId, c.var.caller.userId);
      return c.body(null, 204);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/chats/{chatId}/members",
      operationId: "listMembers",
      tags,
      summary: "List the members in the order of their coming",
      description:
        "All of them, or those with a name or a role. With `query` a page may be shorter than `limit`, even empty, where more follow: go on while there is a `nextCursor`. Of a channel, for its owner and admins.",
      request: { params: inChat, query: MemberQuery },
      responses: { 200: json(listOf(Member), "A page of the members") },
      problems: ["forbidden", "not_found"],
    }),
    async (c) => {
      const { chatId } = c.req.valid("param");
      const page = await chats.listMembers(
        chatId,
        c.var.caller.userId,
        c.req.valid("query"),
      );
      return c.json(page, 200);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "post",
      path: "/chats/{chatId}/members",
      operationId: "addMembers",
      tags,
      summary: "Add people to a group or channel",
      description:
        "For the owner, and admins with the right `inviteMembers`; for every member where a group's `permissions` say so. Who is in it already stays as they are. `forbidden` also for who is banned, and where a person's privacy (`addToGroups`) says so, or the person has blocked the caller. Whoever adds very many people in a short time is told to wait.",
      request: { params: inChat, body: body(AddMembers) },
      responses: {
        200: json(
          z.object({ items: z.array(Member) }),
          "The people, now members",
        ),
      },
      problems: ["forbidden", "not_found", "conflict"],
    }),
    async (c) => {
      const { chatId } = c.req.valid("param");
      const { userIds } = c.req.valid("json");
      return c.json({
        items: await chats.addMembers(chatId, c.var.caller.userId, userIds),
      }, 200);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "patch",
      path: "/chats/{chatId}/members/{userId}",
      operationId: "updateMember",
      tags,
      summary: "Change a member's role or rights, or hand the chat over",
      description:
        "For its owner, who becomes an admin by naming another one; and for admins with the right `promoteMembers`, who give no rights but their own and change admins with fewer. An admin may step down.",
      request: { params: ofMember, body: body(MemberPatch) },
      responses: { 200: json(Member, "The member as it is now") },
      problems: ["forbidden", "not_found"],
    }),
    async (c) => {
      const { chatId, userId } = c.req.valid("param");
      const by = c.var.caller.userId;
      const patch = c.req.valid("json");
      return c.json(
        await chats.setRole(chatId, by, userId === "me" ? by : userId, patch),
        200,
      );
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "delete",
      path: "/chats/{chatId}/members/{userId}",
      operationId: "removeMember",
      tags,
      summary: "Leave a group or channel, or remove a member",
      description:
        "The owner, and admins with the right `banMembers`, remove members of a lower role. A leaving owner hands the group to the longest-standing admin, else member; with its last member a group ends.",
      request: { params: ofMember },
      responses: gone,
      problems: ["forbidden", "not_found"],
    }),
    async (c) => {
      const { chatId, userId } = c.req.valid("param");
      const by = c.var.caller.userId;
      await chats.removeMember(chatId, by, userId === "me" ? by : userId);
      return c.body(null, 204);
    },
  );

  router.route("/", channelRoutes(chats, describe, bearer));
  router.route("/", banRoutes(chats, bearer));
  return router;
}
