import { OpenAPIHono, type RouteConfig } from "@hono/zod-openapi";
import { invalidInput } from "../protocol/problem.ts";
import type { HttpEnv } from "./env.ts";

export type Router = OpenAPIHono<HttpEnv>;

/** A router whose routes answer `invalid_input` to what fails their schema, naming each path. */
export function createRouter(): Router {
  return new OpenAPIHono<HttpEnv>({
    defaultHook: (result) => {
      if (!result.success) throw invalidInput(result.error);
    },
  });
}

/** What the routes declare of themselves, those of mounted routers included, with their whole paths. */
export const declaredRoutes = (router: Router): RouteConfig[] =>
  router.openAPIRegistry.definitions.flatMap((definition) =>
    definition.type === "route" ? [definition.route] : []
  );
