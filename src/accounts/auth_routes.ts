import type { Context } from "hono";
import type { Bearer } from "../http/bearer.ts";
import type { RateLimit } from "../http/rate_limit.ts";
import { body, callerRoute, json, openRoute } from "../http/route.ts";
import { createRouter, type Router } from "../http/router.ts";
import {
  LoginRequest,
  RefreshRequest,
  RegisterRequest,
  Session,
} from "../protocol/accounts.ts";
import { Problem } from "../protocol/problem.ts";
import type { Accounts } from "./mod.ts";
import { dropCookie, keepInCookie, refreshCookie } from "./refresh_cookie.ts";
import type { Grant } from "./session.ts";

/** What limits the guessing of passwords and the making of accounts. */
export interface SignInLimits {
  /** Registrations and logins of each client address. */
  readonly perIp: RateLimit;
  /** Failed logins and password checks for each account or name. */
  readonly perName: RateLimit;
}

export interface AuthRoutesParts {
  readonly accounts: Accounts;
  readonly bearer: Bearer;
  readonly limits: SignInLimits;
}

export function authRoutes(
  { accounts, bearer, limits }: AuthRoutesParts,
): Router {
  const router = createRouter();
  const tags = ["Accounts"];

  const answer = (c: Context, grant: Grant, inCookie = false): Session =>
    inCookie ? keepInCookie(c, grant) : grant;

  router.openapi(
    openRoute({
      method: "post",
      path: "/auth/register",
      operationId: "register",
      tags,
      summary: "Make an account and sign in",
      request: { body: body(RegisterRequest) },
      responses: { 201: json(Session, "The account and its first session") },
      problems: ["username_taken", "email_taken"],
    }),
    async (c) => {
      const request = c.req.valid("json");
      limits.perIp.take(c.var.clientIp);
      const grant = await accounts.register(request);
      return c.json(answer(c, grant, request.cookie), 201);
    },
  );

  router.openapi(
    openRoute({
      method: "post",
      path: "/auth/login",
      operationId: "login",
      tags,
      summary: "Sign in on a new device",
      request: { body: body(LoginRequest) },
      responses: { 200: json(Session, "A session") },
      problems: ["bad_credentials"],
    }),
    async (c) => {
      const request = c.req.valid("json");
      const name = request.login.toLowerCase();
      limits.perIp.take(c.var.clientIp);
      limits.perName.take(name);
      const grant = await accounts.login(request);
      // Whoever knows the password is not guessing it; but each check costs the same.
      limits.perName.giveBack(name);
      return c.json(answer(c, grant, request.cookie), 200);
    },
  );

  router.openapi(
    openRoute({
      method: "post",
      path: "/auth/refresh",
      operationId: "refresh",
      tags,
      summary: "Spend a refresh token for a new session of the same device",
      description:
        "Without `refreshToken` the cookie counts. A token that was spent before revokes its device.",
      security: [{ refreshCookie: [] }, {}],
      request: { body: body(RefreshRequest) },
      responses: { 200: json(Session, "The session, with new tokens") },
      problems: ["unauthenticated"],
    }),
    async (c) => {
      const { refreshToken, cookie } = c.req.valid("json");
      const token = refreshToken ?? refreshCookie(c);
      if (token === undefined) throw new Problem("unauthenticated");
      const grant = await accounts.refresh(token);
      const inCookie = cookie ?? refreshToken === undefined;
      return c.json(answer(c, grant, inCookie), 200);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "post",
      path: "/auth/logout",
      operationId: "logout",
      tags,
      summary: "Sign this device out",
      responses: { 204: { description: "The device is signed out" } },
    }),
    async (c) => {
      await accounts.signOut(c.var.caller);
      dropCookie(c);
      return c.body(null, 204);
    },
  );

  return router;
}
