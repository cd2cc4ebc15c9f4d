import { z } from "zod";

/** Every `code` that an error can carry, with the HTTP status and the title it stands for. */
export const problemKinds = {
  invalid_input: { status: 400, title: "The request is not valid" },
  unauthenticated: { status: 401, title: "Sign in first" },
  token_expired: { status: 401, title: "The token has run out" },
  token_revoked: { status: 401, title: "The device was signed out" },
  bad_credentials: { status: 401, title: "The name or the password is wrong" },
  forbidden: { status: 403, title: "You may not do this" },
  blocked: { status: 403, title: "One of the two has blocked the other" },
  slow_mode: {
    status: 403,
    title: "The group takes one message in a while from each member",
  },
  not_found: {
    status: 404,
    title: "There is no such thing, or you may not see it",
  },
  conflict: {
    status: 409,
    title: "The request does not fit the present state",
  },
  username_taken: { status: 409, title: "The username is taken" },
  email_taken: { status: 409, title: "The email address is taken" },
  handle_taken: { status: 409, title: "The handle is taken" },
  id_taken: { status: 409, title: "The id is already in use" },
  too_large: { status: 413, title: "The request is too large" },
  unsupported_media: { status: 415, title: "The request body must be JSON" },
  rate_limited: { status: 429, title: "Too many requests" },
  internal: { status: 500, title: "Something went wrong on the server" },
  unavailable: { status: 503, title: "The service cannot do this right now" },
} as const;

export type ProblemCode = keyof typeof problemKinds;

/** Which part of the input is at fault, as a dotted path, and why. */
export const InputError = z.object({
  path: z.string().meta({ examples: ["content.text"] }),
  message: z.string(),
}).meta({ id: "InputError" });
export type InputError = z.infer<typeof InputError>;

/** An error as the client sees it (RFC 9457): `code` is stable, `detail` is for people. */
export const ProblemDocument = z.object({
  type: z.string().meta({ description: "Names the code as a URI" }),
  title: z.string(),
  status: z.int().min(400).max(599),
  code: z.enum(Object.keys(problemKinds) as [ProblemCode, ...ProblemCode[]]),
  detail: z.string().optional().meta({ description: "For people" }),
  errors: z.array(InputError).optional().meta({
    description: "With `invalid_input`: what is wrong where",
  }),
  retryAfterMs: z.int().min(0).optional().meta({
    description: "Milliseconds after which trying again makes sense",
  }),
}).meta({
  id: "Problem",
  description: "An error (RFC 9457). `code` is stable, for programs",
  examples: [{
    type: "urn:parley:problem:conflict",
    title: problemKinds.conflict.title,
    status: problemKinds.conflict.status,
    code: "conflict",
    detail: "The message was deleted for everyone",
  }],
});
export type ProblemDocument = z.infer<typeof ProblemDocument>;

export interface ProblemExtras {
  /** A sentence for people; never a stack, SQL or a secret. */
  detail?: string;
  errors?: InputError[];
  /** Milliseconds after which trying again makes sense. */
  retryAfterMs?: number;
}

/**
 * The one error the domain answers with. It knows its code and nothing of HTTP or WebSockets:
 * each door renders `document()` in its own way.
 */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly extras: ProblemExtras;

  constructor(
    readonly code: ProblemCode,
    extras: ProblemExtras = {},
    options?: ErrorOptions,
  ) {
    super(extras.detail ?? problemKinds[code].title, options);
    this.extras = extras;
  }

  get status(): number {
    return problemKinds[this.code].status;
  }

  document(): ProblemDocument {
    const { status, title } = problemKinds[this.code];
    return {
      type: `urn:parley:problem:${this.code}`,
      title,
      status,
      code: this.code,
      ...this.extras,
    };
  }
}

/** So much of what is wrong with an input is told: a message may repeat names from the input. */
const toldAtMost = { errors: 20, letters: 200 };

/** The problem of input that fails its schema, naming each path. */
export function invalidInput(error: z.ZodError): Problem {
  const errors = error.issues.slice(0, toldAtMost.errors).map((issue) => ({
    path: issue.path.map(String).join("."),
    message: issue.message.slice(0, toldAtMost.letters),
  }));
  return new Problem("invalid_input", { errors });
}
