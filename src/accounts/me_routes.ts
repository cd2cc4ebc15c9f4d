import { z } from "zod";
import type { Bearer } from "../http/bearer.ts";
import { body, callerRoute, json } from "../http/route.ts";
import { createRouter, type Router } from "../http/router.ts";
import {
  Device,
  DevicePatch,
  Me,
  PasswordChange,
  ProfilePatch,
} from "../protocol/accounts.ts";
import { DeviceId } from "../protocol/ids.ts";
import { listOf, ListQuery } from "../protocol/page.ts";
import type { SignInLimits } from "./auth_routes.ts";
import type { Accounts } from "./mod.ts";

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
      request: { body: body(ProfilePatch) },
      responses: { 200: json(Me, "The profile") },
      problems: ["username_taken", "email_taken"],
    }),
    async (c) => {
      const { userId } = c.var.caller;
      const me = await accounts.updateProfile(userId, c.req.valid("json"));
      return c.json(me, 200);
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
      limits.perName.take(caller.userId);
      await accounts.changePassword(caller, c.req.valid("json"));
      limits.perName.giveBack(caller.userId);
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
      await accounts.revokeDevice(c.var.caller.userId, deviceId);
      return c.body(null, 204);
    },
  );

  return router;
}
