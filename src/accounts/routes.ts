import { createRouter, type Router } from "../http/router.ts";
import { authRoutes, type AuthRoutesParts } from "./auth_routes.ts";
import { meRoutes } from "./me_routes.ts";

/** To mount at `/api/v1`. */
export function accountRoutes(parts: AuthRoutesParts): Router {
  const router = createRouter();
  router.route("/", authRoutes(parts));
  router.route("/", meRoutes(parts));
  return router;
}
