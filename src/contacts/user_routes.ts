import { z } from "zod";
import type { Bearer } from "../http/bearer.ts";
import { callerRoute, json } from "../http/route.ts";
import { createRouter, type Router } from "../http/router.ts";
import { Person } from "../protocol/contacts.ts";
import { UserId } from "../protocol/ids.ts";
import { listOf, ListQuery } from "../protocol/page.ts";
import { text } from "../protocol/text.ts";
import type { Contacts } from "./mod.ts";

const UserQuery = ListQuery.extend({
  query: text(1, 64).meta({
    description: "The beginning of a username or a display name",
  }),
});

export function userRoutes(contacts: Contacts, bearer: Bearer): Router {
  const router = createRouter();
  const tags = ["Users"];

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/users",
      operationId: "findUsers",
      tags,
      summary: "People by the beginning of their name",
      description:
        "A page may be shorter than `limit`, even empty, where more follow: go on while there is a `nextCursor`.",
      request: { query: UserQuery },
      responses: { 200: json(listOf(Person), "A page of people") },
    }),
    async (c) => {
      const query = c.req.valid("query");
      return c.json(
        await contacts.findPeople(c.var.caller.userId, query),
        200,
      );
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/users/{userId}",
      operationId: "getUser",
      tags,
      summary: "A person's profile",
      request: { params: z.object({ userId: UserId }) },
      responses: { 200: json(Person, "The profile") },
      problems: ["not_found"],
    }),
    async (c) => {
      const { userId } = c.req.valid("param");
      return c.json(
        await contacts.person(c.var.caller.userId, userId),
        200,
      );
    },
  );

  return router;
}
