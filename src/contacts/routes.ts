import { z } from "zod";
import type { Bearer } from "../http/bearer.ts";
import { body, callerRoute, json } from "../http/route.ts";
import { createRouter, type Router } from "../http/router.ts";
import { Contact, ContactList, ContactRequest } from "../protocol/contacts.ts";
import { UserId } from "../protocol/ids.ts";
import { listOf, ListQuery } from "../protocol/page.ts";
import type { Contacts } from "./mod.ts";
import { userRoutes } from "./user_routes.ts";

const tags = ["Contacts"];
const params = z.object({ userId: UserId });

/** The door to contacts, and to people as one sees them, over HTTP. */
export function contactRoutes(contacts: Contacts, bearer: Bearer): Router {
  const router = createRouter();
  router.route("/", userRoutes(contacts, bearer));
  const gone = { 204: { description: "Done, or so before" } };

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/contacts",
      operationId: "listContacts",
      tags,
      summary: "List contacts, requests or blocked people, the newest first",
      request: {
        query: ListQuery.extend({ state: ContactList.default("accepted") }),
      },
      responses: { 200: json(listOf(Contact), "A page of the list") },
    }),
    async (c) =>
      c.json(
        await contacts.list(c.var.caller.userId, c.req.valid("query")),
        200,
      ),
  );

  router.openapi(
    callerRoute(bearer, {
      method: "post",
      path: "/contacts/requests",
      operationId: "requestContact",
      tags,
      summary: "Ask a person to become a contact",
      description:
        "Where that person has asked too, the two are contacts at once. Asked again, it stays as it is. `blocked` where one of the two has blocked the other.",
      request: { body: body(ContactRequest) },
      responses: {
        201: json(Contact, "Asked, or accepted"),
        200: json(Contact, "Was so before"),
      },
      problems: ["blocked", "not_found"],
    }),
    async (c) => {
      const { userId } = c.req.valid("json");
      const { contact, duplicate } = await contacts.request(
        c.var.caller.userId,
        userId,
      );
      return duplicate ? c.json(contact, 200) : c.json(contact, 201);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "post",
      path: "/contacts/requests/viewed",
      operationId: "viewContactRequests",
      tags,
      summary: "Mark all incoming requests as seen",
      responses: gone,
    }),
    async (c) => {
      await contacts.view(c.var.caller.userId);
      return c.body(null, 204);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "post",
      path: "/contacts/requests/{userId}/accept",
      operationId: "acceptContact",
      tags,
      summary: "Accept a person's request",
      request: { params },
      responses: { 200: json(Contact, "The contact") },
      problems: ["not_found"],
    }),
    async (c) => {
      const { userId } = c.req.valid("param");
      return c.json(await contacts.accept(c.var.caller.userId, userId), 200);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "delete",
      path: "/contacts/requests/{userId}",
      operationId: "dropContactRequest",
      tags,
      summary: "Reject a person's request, or withdraw one's own",
      description: "`conflict` where it was accepted meanwhile.",
      request: { params },
      responses: gone,
      problems: ["conflict"],
    }),
    async (c) => {
      const { userId } = c.req.valid("param");
      await contacts.drop(c.var.caller.userId, userId);
      return c.body(null, 204);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "delete",
      path: "/contacts/{userId}",
      operationId: "removeContact",
      tags,
      summary: "Remove a contact, on both sides",
      request: { params },
      responses: gone,
    }),
    async (c) => {
      const { userId } = c.req.valid("param");
      await contacts.remove(c.var.caller.userId, userId);
      return c.body(null, 204);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "put",
      path: "/contacts/{userId}/block",
      operationId: "blockPerson",
      tags,
      summary: "Block a person",
      description:
        "From then on there are no direct messages, requests, presence or last-seen between the two, in either direction; groups go on. The other one is not told: a contact or request just ends.",
      request: { params },
      responses: { 200: json(Contact, "The person, blocked") },
      problems: ["not_found"],
    }),
    async (c) => {
      const { userId } = c.req.valid("param");
      return c.json(await contacts.block(c.var.caller.userId, userId), 200);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "delete",
      path: "/contacts/{userId}/block",
      operationId: "unblockPerson",
      tags,
      summary: "Take a block back",
      description: "It does not bring back what the two were before.",
      request: { params },
      responses: gone,
    }),
    async (c) => {
      const { userId } = c.req.valid("param");
      await contacts.unblock(c.var.caller.userId, userId);
      return c.body(null, 204);
    },
  );

  return router;
}
