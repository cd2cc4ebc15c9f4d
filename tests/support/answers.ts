import assert from "node:assert/strict";
import type { ProblemCode } from "../../src/protocol/problem.ts";
import type { Answer } from "./peer.ts";

/** Fails unless the request was answered with success. */
export function accepted<Body>({ status, body }: Answer<Body>): Body {
  assert.ok(status < 300, `${status} ${JSON.stringify(body)}`);
  return body;
}

/** Fails unless the request was refused with this code. */
export function refused(
  { status, body }: Answer<unknown>,
  code: ProblemCode,
): void {
  const document = body as { code?: string; status?: number };
  assert.equal(document?.code, code, `${status} ${JSON.stringify(body)}`);
  assert.equal(document.status, status);
}
