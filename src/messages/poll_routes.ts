import { z } from "zod";
import type { Bearer } from "../http/bearer.ts";
import { body, callerRoute, json } from "../http/route.ts";
import type { Router } from "../http/router.ts";
import { RevReply } from "../protocol/frames.ts";
import { ChatId, MessageId } from "../protocol/ids.ts";
import { listOf } from "../protocol/page.ts";
import { Vote, VoteRequest, VotesQuery } from "../protocol/polls.ts";
import type { Messages } from "./mod.ts";

const tags = ["Messages"];
const ofMessage = z.object({ chatId: ChatId, messageId: MessageId });

/** The door to polls over HTTP, beside that to the messages which they are. */
export function pollRoutes(
  router: Router,
  messages: Messages,
  bearer: Bearer,
): void {
  const polled = (path: string) =>
    `/chats/{chatId}/messages/{messageId}/${path}` as const;

  router.openapi(
    callerRoute(bearer, {
      method: "put",
      path: polled("vote"),
      operationId: "vote",
      tags,
      summary: "Choose in a poll",
      description: "In place of what the caller chose before.",
      request: { params: ofMessage, body: body(VoteRequest) },
      responses: { 200: json(RevReply, "The message's rev now") },
      problems: ["blocked", "not_found", "conflict"],
    }),
    async (c) => {
      const target = { ...c.req.valid("param"), by: c.var.caller.userId };
      const { options } = c.req.valid("json");
      return c.json(await messages.vote(target, options), 200);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "delete",
      path: polled("vote"),
      operationId: "takeVoteBack",
      tags,
      summary: "Take one's vote back",
      request: { params: ofMessage },
      responses: { 200: json(RevReply, "The message's rev now") },
      problems: ["not_found", "conflict"],
    }),
    async (c) => {
      const target = { ...c.req.valid("param"), by: c.var.caller.userId };
      return c.json(await messages.vote(target, []), 200);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "post",
      path: polled("close"),
      operationId: "closePoll",
      tags,
      summary: "End one's own poll",
      request: { params: ofMessage },
      responses: { 200: json(RevReply, "The message's rev now") },
      problems: ["forbidden", "not_found", "conflict"],
    }),
    async (c) => {
      const target = { ...c.req.valid("param"), by: c.var.caller.userId };
      return c.json(await messages.closePoll(target), 200);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: polled("votes"),
      operationId: "listVotes",
      tags,
      summary: "Read who chose what in an open poll",
      description: "In a channel for its owner and admins.",
      request: { params: ofMessage, query: VotesQuery },
      responses: { 200: json(listOf(Vote), "A page of the votes") },
      problems: ["forbidden", "not_found", "conflict"],
    }),
    async (c) => {
      const { chatId, messageId } = c.req.valid("param");
      const { userId } = c.var.caller;
      const query = c.req.valid("query");
      return c.json(
        await messages.votes(chatId, userId, messageId, query),
        200,
      );
    },
  );
}
