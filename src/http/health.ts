import { z } from "zod";
import { json, openRoute } from "./route.ts";
import { createRouter, type Router } from "./router.ts";

const Health = z.object({ status: z.literal("ok") }).meta({ id: "Health" });

export interface HealthParts {
  /** Rejects with `unavailable` while the service should get no requests. */
  ready(): Promise<void>;
}

/** To mount at `/health`. */
export function healthRoutes({ ready }: HealthParts): Router {
  const router = createRouter();
  const healthy = { status: "ok" } as const;

  router.openapi(
    openRoute({
      method: "get",
      path: "/live",
      operationId: "live",
      tags: ["Service"],
      summary: "Whether the process runs",
      never: ["rate_limited", "internal", "unavailable"],
      responses: { 200: json(Health, "It does") },
    }),
    (c) => c.json(healthy, 200),
  );

  router.openapi(
    openRoute({
      method: "get",
      path: "/ready",
      operationId: "ready",
      tags: ["Service"],
      summary: "Whether requests should be sent here",
      never: ["rate_limited"],
      responses: { 200: json(Health, "They should") },
    }),
    async (c) => {
      await ready();
      return c.json(healthy, 200);
    },
  );

  return router;
}
