import { z } from "zod";
import type { Bearer } from "../http/bearer.ts";
import { body, callerRoute, json } from "../http/route.ts";
import { createRouter } from "../http/router.ts";
import { Member } from "../protocol/chats.ts";
import { ChatId, InviteId, UserId } from "../protocol/ids.ts";
import {
  CreatedInvite,
  CreateInvite,
  Invite,
  InviteCode,
  InvitePreview,
  JoinRequest,
  Waiting,
} from "../protocol/invites.ts";
import { listOf, ListQuery } from "../protocol/page.ts";
import { ChatItem } from "../protocol/sync.ts";
import type { Invites } from "./invites.ts";
import type { DescribeChat } from "./mod.ts";

const tags = ["Invitations"];
const inChat = z.object({ chatId: ChatId });
const withCode = z.object({ code: InviteCode });
const gone = { 204: { description: "Done" } };

/** The door to invitations over HTTP. */
export function inviteRoutes(
  invites: Invites,
  describe: DescribeChat,
  bearer: Bearer,
) {
  const router = createRouter();

  router.openapi(
    callerRoute(bearer, {
      method: "post",
      path: "/chats/{chatId}/invites",
      operationId: "createInvite",
      tags,
      summary: "Make a link into a group or channel",
      description: "For those who may invite. Idempotent on `inviteId`.",
      request: { params: inChat, body: body(CreateInvite) },
      responses: {
        201: json(CreatedInvite, "Made"),
        200: json(CreatedInvite, "Was there before"),
      },
      problems: ["forbidden", "not_found", "conflict", "id_taken"],
    }),
    async (c) => {
      const { chatId } = c.req.valid("param");
      const { duplicate, ...invite } = await invites.create(
        chatId,
        c.var.caller.userId,
        c.req.valid("json"),
      );
      return duplicate
        ? c.json({ ...invite, duplicate }, 200)
        : c.json(invite, 201);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/chats/{chatId}/invites",
      operationId: "listInvites",
      tags,
      summary: "List the invitations, the oldest first",
      description:
        "For those who may invite. Those that have run out stay until they are taken back.",
      request: { params: inChat, query: ListQuery },
      responses: { 200: json(listOf(Invite), "A page of the invitations") },
      problems: ["forbidden", "not_found"],
    }),
    async (c) => {
      const { chatId } = c.req.valid("param");
      const { userId } = c.var.caller;
      return c.json(
        await invites.list(chatId, userId, c.req.valid("query")),
        200,
      );
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "delete",
      path: "/chats/{chatId}/invites/{inviteId}",
      operationId: "revokeInvite",
      tags,
      summary: "Take an invitation back",
      description: "For those who may invite. Who waits by it goes on waiting.",
      request: { params: inChat.extend({ inviteId: InviteId }) },
      responses: gone,
      problems: ["forbidden", "not_found"],
    }),
    async (c) => {
      const { chatId, inviteId } = c.req.valid("param");
      await invites.revoke(chatId, c.var.caller.userId, inviteId);
      return c.body(null, 204);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/invites/{code}",
      operationId: "previewInvite",
      tags,
      summary: "Look where an invitation leads",
      description:
        "`conflict` once it has run out or is used up, `not_found` once it was taken back, and while whoever made it may not invite.",
      request: { params: withCode },
      responses: { 200: json(InvitePreview, "The group or channel") },
      problems: ["not_found", "conflict"],
    }),
    async (c) => c.json(await invites.preview(c.req.valid("param").code), 200),
  );

  router.openapi(
    callerRoute(bearer, {
      method: "post",
      path: "/invites/{code}/join",
      operationId: "redeemInvite",
      tags,
      summary: "Come in by an invitation",
      description:
        "Whoever is in already, or waits to be let in, uses it up no further. `not_found` once it was taken back, and while whoever made it may not invite.",
      request: { params: withCode },
      responses: {
        200: json(ChatItem, "The chat, now one's own"),
        202: json(Waiting, "To be let in by its owner or an admin"),
      },
      problems: ["forbidden", "not_found", "conflict"],
    }),
    async (c) => {
      const { userId } = c.var.caller;
      const { chatId, outcome } = await invites.redeem(
        c.req.valid("param").code,
        userId,
      );
      return outcome === "joined"
        ? c.json(await describe(chatId, userId), 200)
        : c.json({ status: outcome }, 202);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/chats/{chatId}/join-requests",
      operationId: "listJoinRequests",
      tags,
      summary: "List those who wait to be let in, the longest waiting first",
      description: "For those who may invite.",
      request: { params: inChat, query: ListQuery },
      responses: { 200: json(listOf(JoinRequest), "A page of the requests") },
      problems: ["forbidden", "not_found"],
    }),
    async (c) => {
      const { chatId } = c.req.valid("param");
      const { userId } = c.var.caller;
      return c.json(
        await invites.listRequests(chatId, userId, c.req.valid("query")),
        200,
      );
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "post",
      path: "/chats/{chatId}/join-requests/{userId}",
      operationId: "acceptJoinRequest",
      tags,
      summary: "Let somebody in",
      description: "For those who may invite.",
      request: { params: inChat.extend({ userId: UserId }) },
      responses: { 200: json(Member, "The person, now a member") },
      problems: ["forbidden", "not_found", "conflict"],
    }),
    async (c) => {
      const { chatId, userId } = c.req.valid("param");
      return c.json(
        await invites.accept(chatId, c.var.caller.userId, userId),
        200,
      );
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "delete",
      path: "/chats/{chatId}/join-requests/{userId}",
      operationId: "endJoinRequest",
      tags,
      summary: "Do not let somebody in, or wait no longer",
      description:
        "For those who may invite; `me` for oneself. The invitation has one more use left then.",
      request: {
        params: inChat.extend({
          userId: z.union([UserId, z.literal("me")]).meta({
            description: "`me` for the caller",
          }),
        }),
      },
      responses: gone,
      problems: ["forbidden", "not_found"],
    }),
    async (c) => {
      const { chatId, userId } = c.req.valid("param");
      const by = c.var.caller.userId;
      await invites.endRequest(chatId, by, userId === "me" ? by : userId);
      return c.body(null, 204);
    },
  );

  return router;
}
