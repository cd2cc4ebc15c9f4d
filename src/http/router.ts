import { OpenAPIHono } from "@hono/zod-openapi";
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
