import { z } from "zod";
import type { Bearer } from "../http/bearer.ts";
import { callerRoute, json } from "../http/route.ts";
import { createRouter, type Router } from "../http/router.ts";
import { User } from "../protocol/accounts.ts";
import { UserId } from "../protocol/ids.ts";
import { listOf, ListQuery } from "../protocol/page.ts";
import { text } from "../protocol/text.ts";
import type { Accounts } from "./mod.ts";

export interface UserRoutesParts {
  readonly accounts: Accounts;
  readonly bearer: Bearer;
}

const UserQuery = ListQuery.extend({
  query: text(1, 64).meta({
    description: "The beginning of a username or a display name",
  }),
});

export function userRoutes({ accounts, bearer }: UserRoutesParts): Router {
  const router = createRouter();
  const tags = ["Users"];

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/users",
      operationId: "findUsers",
      tags,
      summary: "People by the beginning of their name",
      request: { query: UserQuery },
      responses: { 200: json(listOf(User), "A page of people") },
    }),
    async (c) => c.json(await accounts.findUsers(c.req.valid("query")), 200),
  );

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/users/{userId}",
      operationId: "getUser",
      tags,
      summary: "A person's profile",
      request: { params: z.object({ userId: UserId }) },
      responses: { 200: json(User, "The profile") },
      problems: ["not_found"],
    }),
    async (c) => c.json(await accounts.user(c.req.valid("param").userId), 200),
  );

  return router;
}
