import type { RouteConfig } from "@hono/zod-openapi";
import type { z } from "zod";
import {
  type ProblemCode,
  ProblemDocument,
  problemKinds,
} from "../protocol/problem.ts";
import type { Bearer } from "./bearer.ts";
import { jsonBody } from "./json_body.ts";
import { problemMediaType } from "./problem.ts";

/** A route as `createRoute` takes it, plus the codes of the problems it can answer with. */
type Declaration<P extends string> =
  & Omit<RouteConfig, "path" | "middleware">
  & {
    path: P;
    /** Those of its handler. */
    problems?: readonly ProblemCode[];
    /** Those that any other route can have, and this one cannot. */
    never?: readonly ProblemCode[];
  };

/** A route for everybody. Problems that any route can have need not be named. */
export function openRoute<P extends string, R extends Declaration<P>>(
  declaration: R & Declaration<P>,
): R {
  return complete(declaration, []) as unknown as R;
}

/** A route for signed-in callers: the handler finds them in `c.var.caller`. */
export function callerRoute<P extends string, R extends Declaration<P>>(
  bearer: Bearer,
  declaration: R & Declaration<P>,
): R & { middleware: Bearer } {
  const { middleware, ...route } = complete(declaration, [
    "unauthenticated",
    "token_expired",
    "token_revoked",
  ]);
  return {
    ...route,
    security: [{ bearer: [] }],
    // For the types only the middleware counts that gives the handler its caller.
    middleware: [bearer, ...middleware],
  } as unknown as R & { middleware: Bearer };
}

function complete(
  { problems = [], never = [], ...route }: Declaration<string>,
  ownCodes: readonly ProblemCode[],
) {
  const { request, responses } = route;
  const takesBody = request?.body?.content["application/json"] !== undefined;
  const codes: ProblemCode[] = [
    ...(request ? ["invalid_input"] as const : []),
    ...ownCodes,
    ...problems,
    ...(takesBody ? ["too_large", "unsupported_media"] as const : []),
    "rate_limited",
    "internal",
    "unavailable",
  ];
  const possible = codes.filter((code) => !never.includes(code));
  return {
    ...route,
    responses: { ...responses, ...problemResponses(possible) },
    middleware: takesBody ? [jsonBody] : [],
  };
}

/** One documented response a status, with an example for every code it can carry. */
function problemResponses(codes: readonly ProblemCode[]) {
  const byStatus = Map.groupBy(
    new Set(codes),
    (code) => problemKinds[code].status,
  );
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [status, {
      description: codes.map((code) =>
        `\`${code}\`: ${problemKinds[code].title}`
      )
        .join(". "),
      content: {
        [problemMediaType]: {
          schema: ProblemDocument,
          examples: Object.fromEntries(codes.map((code) => [code, {
            $ref: `#/components/examples/${code}`,
          }])),
        },
      },
    }]),
  );
}

/** A JSON response. */
export const json = <S extends z.ZodType>(schema: S, description: string) => ({
  description,
  content: { "application/json": { schema } },
});

/** A required JSON body. */
export const body = <S extends z.ZodType>(schema: S) => ({
  required: true as const,
  content: { "application/json": { schema } },
});
