import { z } from "zod";
import type { Bearer } from "../http/bearer.ts";
import { body, callerRoute, json } from "../http/route.ts";
import { createRouter, type Router } from "../http/router.ts";
import {
  AccountDeletion,
  Device,
  DevicePatch,
  Me,
  PasswordChange,
  ProfilePatch,
} from "../protocol/accounts.ts";
import { DeviceId, type UserId } from "../protocol/ids.ts";
import { listOf, ListQuery } from "../protocol/page.ts";
import { Problem } from "../protocol/problem.ts";
import type { SignInLimits } from "./auth_routes.ts";
import type { Accounts } from "./mod.ts";
import { dropCookie } from "./refresh_cookie.ts";

export interface MeRoutesParts {
  readonly accounts: Accounts;
  readonly bearer: Bearer;
  readonly limits: Pick<SignInLimits, "perName">;
}

const params = z.object({ deviceId: DeviceId });

export function meRoutes(
  { accounts, bearer, limits }: MeRoutesParts,
): Router {
  const router = createRouter();
  const tags = ["Accounts"];

  /** Counts a check of the password that fails; whoever knows it is not guessing it. */
  async function guess<T>(userId: UserId, check: () => Promise<T>) {
    limits.perName.take(userId);
    let isWrong = false;
    try {
      return await check();
    } catch (error) {
      isWrong = error instanceof Problem && error.code === "bad_credentials";
      throw error;
    } finally {
      if (!isWrong) limits.perName.giveBack(userId);
    }
  }

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/me",
      operationId: "getMe",
      tags,
      summary: "The caller's profile",
      responses: { 200: json(Me, "The profile") },
    }),
    async (c) => c.json(await accounts.me(c.var.caller.userId), 200),
  );

  router.openapi(
    callerRoute(bearer, {
      method: "patch",
      path: "/me",
      operationId: "updateMe",
      tags,
      summary: "Change the named fields of the profile",
      description:
        "A username that was given up is held back for 30 days, in which only its former owner can take it again; of one account at most 5 are held, so that a sixth change meanwhile answers `rate_limited`. Another email address needs the `password` (`forbidden` without it), unless the device has signed in within the last 15 minutes.",
      request: { body: body(ProfilePatch) },
      responses: { 200: json(Me, "The profile") },
      problems: [
        "username_taken",
        "email_taken",
        "bad_credentials",
        "forbidden",
      ],
    }),
    async (c) => {
      const { caller } = c.var;
      const patch = c.req.valid("json");
      const change = () => accounts.updateProfile(caller, patch);
      const me = patch.password === undefined
        ? await change()
        : await guess(caller.userId, change);
      return c.json(me, 200);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "delete",
      path: "/me",
      operationId: "deleteMe",
      tags,
      summary: "Delete the account",
      description:
        'For good. Every device is signed out at once and its connections are closed (4401). What was said stays with those it was said to, under the same `userId`, whose profile is a placeholder from now on: `username` null, `displayName` "Deleted account". The account leaves its chats, groups are inherited, and everything else that is held on it is erased, within seconds after the answer. The username is held back for 30 days.',
      request: { body: body(AccountDeletion) },
      responses: { 204: { description: "The account is deleted" } },
      problems: ["bad_credentials"],
    }),
    async (c) => {
      const { userId } = c.var.caller;
      const { password } = c.req.valid("json");
      await guess(userId, () => accounts.delete(userId, password));
      dropCookie(c);
      return c.body(null, 204);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "put",
      path: "/me/password",
      operationId: "changePassword",
      tags,
      summary: "Change the password and sign the other devices out",
      request: { body: body(PasswordChange) },
      responses: { 204: { description: "The password is changed" } },
      problems: ["bad_credentials", "conflict"],
    }),
    async (c) => {
      const { caller } = c.var;
      const change = c.req.valid("json");
      await guess(
        caller.userId,
        () => accounts.changePassword(caller, change),
      );
      return c.body(null, 204);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "get",
      path: "/me/devices",
      operationId: "listDevices",
      tags,
      summary: "The devices that are signed in",
      request: { query: ListQuery },
      responses: { 200: json(listOf(Device), "A page of devices") },
    }),
    async (c) =>
      c.json(
        await accounts.listDevices(c.var.caller, c.req.valid("query")),
        200,
      ),
  );

  router.openapi(
    callerRoute(bearer, {
      method: "patch",
      path: "/me/devices/{deviceId}",
      operationId: "renameDevice",
      tags,
      summary: "Rename a device",
      request: { params, body: body(DevicePatch) },
      responses: { 200: json(Device, "The device") },
      problems: ["not_found"],
    }),
    async (c) => {
      const { deviceId } = c.req.valid("param");
      const { name } = c.req.valid("json");
      const device = await accounts.renameDevice(c.var.caller, deviceId, name);
      return c.json(device, 200);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "delete",
      path: "/me/devices/{deviceId}",
      operationId: "revokeDevice",
      tags,
      summary: "Sign a device out",
      request: { params },
      responses: { 204: { description: "The device is signed out" } },
      problems: ["not_found"],
    }),
    async (c) => {
      const { deviceId } = c.req.valid("param");
      await accounts.revokeDevice(c.var.caller, deviceId);
      return c.body(null, 204);
    },
  );

  router.openapi(
    callerRoute(bearer, {
      method: "delete",
      path: "/me/devices",
      operationId: "revokeOtherDevices",
      tags,
      summary: "Sign all other devices out",
      request: {
        query: z.object({
          except: z.literal("current").meta({
            description: "The device that asks stays signed in",
          }),
        }),
      },
      responses: { 204: { description: "The other devices are signed out" } },
    }),
    async (c) => {
      await accounts.revokeOthers(c.var.caller);
      return c.body(null, 204);
    },
  );

  return router;
}
