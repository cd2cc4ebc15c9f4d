import {
  Problem,
  type ProblemCode,
  type ProblemDocument,
  type ProblemExtras,
} from "../protocol/problem.ts";

/**
 * The one error that the client rejects with, but for aborts (those reject with the signal's reason).
 * `switch (error.code)` tells the cases apart. What never reached the service, or got no answer in
 * time, is `unavailable` with the cause inside.
 */
export class ParleyError extends Error {
  override readonly name = "ParleyError";
  readonly problem: ProblemDocument;

  constructor(problem: ProblemDocument, options?: ErrorOptions) {
    super(problem.detail ?? problem.title, options);
    this.problem = problem;
  }

  get code(): ProblemCode {
    return this.problem.code;
  }

  /** Milliseconds after which the service asks to be tried again, if it said so. */
  get retryAfterMs(): number | undefined {
    return this.problem.retryAfterMs;
  }
}

/** An error that the client itself found. */
export function clientError(
  code: ProblemCode,
  extras: ProblemExtras,
  options?: ErrorOptions,
): ParleyError {
  return new ParleyError(new Problem(code, extras).document(), options);
}

export function unavailable(detail: string, cause?: unknown): ParleyError {
  return clientError("unavailable", { detail }, { cause });
}

export function hasCode(error: unknown, ...codes: ProblemCode[]): boolean {
  return error instanceof ParleyError && codes.includes(error.code);
}

/** Whether the service turned the credentials down, rather than being away. */
export function isRefusal(error: unknown): boolean {
  return hasCode(
    error,
    "unauthenticated",
    "token_expired",
    "token_revoked",
    "bad_credentials",
  );
}
