import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Log } from "../lib/log.ts";
import { Problem, type ProblemCode } from "../protocol/problem.ts";
import type { HttpEnv } from "./env.ts";

export const problemMediaType = "application/problem+json";

/** Renders a problem as RFC 9457 asks, with the headers that go with its status. */
export function renderProblem(c: Context, problem: Problem): Response {
  const { status, extras } = problem;
  const headers: Record<string, string> = { "content-type": problemMediaType };
  if (extras.retryAfterMs !== undefined) {
    headers["retry-after"] = String(Math.ceil(extras.retryAfterMs / 1000));
  }
  if (status === 401) headers["www-authenticate"] = "Bearer";
  const body = JSON.stringify(problem.document());
  return c.body(body, status as ContentfulStatusCode, headers);
}

/** What the framework throws by itself, as problems. */
const codesOfStatus: Record<number, ProblemCode> = {
  400: "invalid_input",
  404: "not_found",
  413: "too_large",
  415: "unsupported_media",
};

/**
 * The last stop of everything thrown: a problem is rendered, anything else is logged here, once, and
 * shows the client nothing but `internal`.
 */
export function problemOf(error: unknown, log: Log, requestId: string) {
  if (error instanceof Problem) return error;
  if (error instanceof HTTPException && codesOfStatus[error.status]) {
    return new Problem(codesOfStatus[error.status]!);
  }
  log.error("request failed", { requestId, error });
  return new Problem("internal");
}

export const onError =
  (log: Log) => (error: unknown, c: Context<HttpEnv>): Response =>
    renderProblem(c, problemOf(error, log, c.var.requestId));

export const onNotFound = (c: Context): Response =>
  renderProblem(c, new Problem("not_found"));
