import type { MiddlewareHandler } from "hono";
import { Problem } from "../protocol/problem.ts";
import type { Caller, CallerEnv } from "./env.ts";
import type { RateLimit } from "./rate_limit.ts";

export interface BearerParts {
  /** Rejects with a 401 problem, also when the device was revoked meanwhile. */
  authenticate(token: string): Promise<Caller>;
  /** The same for reads, which may take a moment to notice a revocation. */
  recognise(token: string): Promise<Caller>;
  /** Counts the requests of each device. */
  readonly perDevice: RateLimit;
}

/** Lets only requests with a valid access token through, and sets `c.var.caller`. */
export type Bearer = MiddlewareHandler<CallerEnv>;

export function createBearer(
  { authenticate, recognise, perDevice }: BearerParts,
): Bearer {
  return async (c, next) => {
    const token = bearerToken(c.req.header("authorization"));
    const isRead = c.req.method === "GET" || c.req.method === "HEAD";
    const caller = await (isRead ? recognise(token) : authenticate(token));
    perDevice.take(caller.deviceId);
    c.set("caller", caller);
    await next();
  };
}

/** The token of `Authorization: Bearer …` (RFC 6750, section 2.1). */
function bearerToken(authorization: string | undefined): string {
  const token = /^bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
  if (!token) throw new Problem("unauthenticated");
  return token;
}
