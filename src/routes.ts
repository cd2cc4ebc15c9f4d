/** Every route of the service on one router, in one readable list. */
import { accountRoutes, type Accounts } from "./accounts/mod.ts";
import type { Contacts } from "./contacts/mod.ts";
import { contactRoutes } from "./contacts/routes.ts";
import type { Chats, Invites } from "./chats/mod.ts";
import { chatRoutes, inviteRoutes } from "./chats/routes.ts";
import { gatewayRoutes, type GatewayRoutesParts } from "./gateway/routes.ts";
import type { Bearer } from "./http/bearer.ts";
import { documentRoutes } from "./http/documents/routes.ts";
import { createFrontDoor, type FrontDoorParts } from "./http/front_door.ts";
import { type HealthParts, healthRoutes } from "./http/health.ts";
import { declaredRoutes, type Router } from "./http/router.ts";
import { type WellKnownParts, wellKnownRoutes } from "./http/well_known.ts";
import type { Exports, Inbox } from "./inbox/mod.ts";
import { inboxRoutes } from "./inbox/routes.ts";
import type { Messages } from "./messages/mod.ts";
import {
  messageRoutes,
  previewRoutes,
  type PreviewRoutesParts,
} from "./messages/routes.ts";
import type { Notifications } from "./notifications/mod.ts";
import { notificationRoutes } from "./notifications/routes.ts";
import type { Preferences } from "./preferences/mod.ts";
import { preferencesRoutes } from "./preferences/routes.ts";
import type { PresenceService } from "./presence/mod.ts";
import { presenceRoutes } from "./presence/routes.ts";
import project from "../deno.json" with { type: "json" };

export interface RoutesParts {
  readonly door: FrontDoorParts;
  /** Where clients reach the service, without a slash at the end. */
  readonly publicUrl: string;
  readonly bearer: Bearer;
  readonly health: HealthParts;
  readonly accessTokens: WellKnownParts;
  readonly gateway: GatewayRoutesParts;
  readonly accounts: Accounts;
  readonly signInLimits: Parameters<typeof accountRoutes>[0]["limits"];
  readonly contacts: Contacts;
  readonly presence: PresenceService;
  readonly chats: Chats;
  readonly preferences: Preferences;
  readonly invites: Invites;
  readonly messages: Messages;
  readonly previews: Omit<PreviewRoutesParts, "bearer">;
  readonly notifications: Notifications;
  readonly inbox: Inbox;
  readonly exports: Exports;
}

/** Mounts everything. The parts are touched by requests alone, so the documents can do without them. */
export function createRoutes(parts: RoutesParts): Router {
  const { bearer, accounts, presence, chats, messages, inbox } = parts;
  const limits = parts.signInLimits;
  const router = createFrontDoor(parts.door);
  router.get("/", (c) => c.redirect("/api/docs"));
  router.route("/health", healthRoutes(parts.health));
  router.route("/.well-known", wellKnownRoutes(parts.accessTokens));
  router.route(
    "/api",
    documentRoutes({
      declared: () => declaredRoutes(router),
      version: project.version,
      publicUrl: parts.publicUrl,
    }),
  );
  router.route("/api/v1", gatewayRoutes(parts.gateway));
  router.route("/api/v1", accountRoutes({ accounts, bearer, limits }));
  router.route("/api/v1", contactRoutes(parts.contacts, bearer));
  router.route("/api/v1", presenceRoutes(presence, bearer));
  router.route("/api/v1", chatRoutes(chats, inbox.readChat, bearer));
  router.route(
    "/api/v1",
    preferencesRoutes(parts.preferences, inbox.readChat, bearer),
  );
  router.route("/api/v1", inviteRoutes(parts.invites, inbox.readChat, bearer));
  router.route("/api/v1", messageRoutes(messages, bearer));
  router.route("/api/v1", previewRoutes({ ...parts.previews, bearer }));
  router.route("/api/v1", notificationRoutes(parts.notifications, bearer));
  router.route("/api/v1", inboxRoutes(inbox, parts.exports, bearer));
  return router;
}
