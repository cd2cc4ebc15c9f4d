import { z } from "zod";
import type { Bearer } from "../http/bearer.ts";
import { callerRoute, json } from "../http/route.ts";
import { createRouter } from "../http/router.ts";
import { Presence } from "../protocol/accounts.ts";
import { UserId } from "../protocol/ids.ts";
import type { PresenceService } from "./mod.ts";

/** The door to presence over HTTP. */
export function presenceRoutes(
  presence: Pick<PresenceService, "read">,
  bearer: Bearer,
) {
  const router = createRouter();

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/users/{userId}/last-seen",
      operationId: "getLastSeen",
      tags: ["Users"],
      summary: "Whether a person is online, and when last seen",
      description:
        "Of contacts and people one shares a chat with. Whoever hides it looks offline, with no time.",
      request: { params: z.object({ userId: UserId }) },
      responses: { 200: json(Presence, "The person's presence") },
      problems: ["not_found"],
    }),
    async (c) => {
      const { userId } = c.req.valid("param");
      return c.json(await presence.read(c.var.caller.userId, userId), 200);
    },
  );

  return router;
}
