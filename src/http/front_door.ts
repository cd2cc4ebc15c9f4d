import type { Log } from "../lib/log.ts";
import { Problem } from "../protocol/problem.ts";
import { clientIp } from "./client_ip.ts";
import { onError, onNotFound } from "./problem.ts";
import type { RateLimit } from "./rate_limit.ts";
import { requestLog } from "./request_log.ts";
import { createRouter, type Router } from "./router.ts";
import { preflight, securityHeaders } from "./security_headers.ts";

export interface FrontDoorParts {
  readonly log: Log;
  /** Whether clients reach the service over https. */
  readonly https: boolean;
  /** Proxies of ours that stand in front and append to `X-Forwarded-For`. */
  readonly trustedProxies: number;
  /** Counts the requests of each client address, health checks aside. */
  readonly perIp: RateLimit;
  /** Whether the process is about to stop: then it takes no new work, health checks aside. */
  isDraining?(): boolean;
}

/**
 * The router that everything is mounted on. Each request passes, in this order: the log line, the
 * headers, the preflight answer, whether the service drains, the limit of its address. Whatever a
 * route throws ends here as a problem document. Call its `fetch` with the connection's
 * `Deno.ServeHandlerInfo`.
 */
export function createFrontDoor(
  { log, https, trustedProxies, perIp, isDraining }: FrontDoorParts,
): Router {
  const router = createRouter();
  router.onError(onError(log));
  router.notFound(onNotFound);
  router.use(requestLog(log), securityHeaders({ https }), preflight);
  router.use(async (c, next) => {
    const remote = c.env?.remoteAddr?.hostname;
    const forwardedFor = c.req.header("x-forwarded-for");
    const ip = clientIp(remote, forwardedFor, trustedProxies);
    c.set("clientIp", ip);
    if (!c.req.path.startsWith("/health/")) {
      if (isDraining?.()) {
        throw new Problem("unavailable", { retryAfterMs: 1000 });
      }
      perIp.take(ip);
    }
    await next();
  });
  return router;
}
