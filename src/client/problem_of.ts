import {
  type ProblemCode,
  ProblemDocument,
  problemKinds,
} from "../protocol/problem.ts";
import { clientError, ParleyError } from "./error.ts";

/**
 * The error that a response stands for. A proxy in between knows nothing of problem documents and a
 * newer service has codes that this client does not know: then the status alone decides.
 */
export function problemOf(response: Response, body: string): ParleyError {
  const told = ProblemDocument.safeParse(jsonOf(body));
  if (told.success) return new ParleyError(told.data);
  const wait = Number(response.headers.get("retry-after") ?? NaN);
  return clientError(codeOf(response.status), {
    detail: `The service answered ${response.status} ${response.statusText}`,
    ...(Number.isFinite(wait) && { retryAfterMs: wait * 1000 }),
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The first kind of that status is the plainest one. */
function codeOf(status: number): ProblemCode {
  if (status === 502 || status === 504) return "unavailable";
  const codes = Object.keys(problemKinds) as ProblemCode[];
  return codes.find((code) => problemKinds[code].status === status) ??
    (status < 500 ? "invalid_input" : "internal");
}
