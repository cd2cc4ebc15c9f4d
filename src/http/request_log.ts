import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import type { Log } from "../lib/log.ts";
import { uuidv7 } from "../lib/uuid.ts";
import type { HttpEnv } from "./env.ts";

/**
 * Gives each request an id, answers with it as `X-Request-Id`, and logs one line when it is over:
 * the pattern of the route instead of the path and its secrets, never a query, a body or a token.
 */
export function requestLog(log: Log): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const requestId = uuidv7();
    c.set("requestId", requestId);
    const startedAt = performance.now();
    await next();
    const { status } = c.res;
    if (status !== 101) c.res.headers.set("x-request-id", requestId);
    const level = c.req.path.startsWith("/health/") ? "debug" : "info";
    log[level]("request", {
      requestId,
      method: c.req.method,
      route: routePath(c, -1),
      status,
      ms: Math.round((performance.now() - startedAt) * 10) / 10,
    });
  };
}
