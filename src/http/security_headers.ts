import type { MiddlewareHandler } from "hono";

/** For answers that are data: nothing in them may run, load, or be framed. */
const dataPolicy = "default-src 'none'; frame-ancestors 'none'";

/**
 * The headers of every answer. A page that needs more sets its own `Content-Security-Policy`.
 *
 * Any origin may call the service with a bearer token, which it must have been given; no answer
 * allows credentials, so the refresh cookie works from the service's own origin alone.
 */
export function securityHeaders(
  { https }: { https: boolean },
): MiddlewareHandler {
  const fixed: [string, string][] = [
    ["x-content-type-options", "nosniff"],
    ["referrer-policy", "no-referrer"],
    ["cross-origin-opener-policy", "same-origin"],
    ["access-control-allow-origin", "*"],
    ["access-control-expose-headers", "retry-after, x-request-id"],
    ...(https
      ? [["strict-transport-security", "max-age=31536000"] as [string, string]]
      : []),
  ];
  return async (c, next) => {
    await next();
    // An upgraded connection is no longer an HTTP answer, and its response must not be touched.
    if (c.res.status === 101) return;
    const { headers } = c.res;
    for (const [name, value] of fixed) headers.set(name, value);
    if (!headers.has("content-security-policy")) {
      headers.set("content-security-policy", dataPolicy);
    }
    if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  };
}

/** Answers the question of a browser whether another origin may call (Fetch, "CORS-preflight fetch"). */
export const preflight: MiddlewareHandler = async (c, next) => {
  if (
    c.req.method !== "OPTIONS" ||
    c.req.header("access-control-request-method") === undefined
  ) return await next();
  return c.body(null, 204, {
    "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
    "access-control-allow-headers": "authorization, content-type",
    "access-control-max-age": "86400",
  });
};
