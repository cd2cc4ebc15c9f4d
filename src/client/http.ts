import { type Backoff, jittered } from "./backoff.ts";
import { sleep } from "./clock.ts";
import {
  clientError,
  hasCode,
  type ParleyError,
  unavailable,
} from "./error.ts";
import type { Platform } from "./platform.ts";
import { problemOf } from "./problem_of.ts";

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below `/api/v1`, with the ids in it encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  /** Whether a second call does no more than the first. All but POST, unless the call says so. */
  readonly repeatable?: boolean;
  /** Whether the answer is wanted as a stream of bytes. One that breaks off errors. */
  readonly stream?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface Http {
  /**
   * One REST call. A repeatable one that finds the service away is tried again, three times at most.
   * The service checked what it answers against the same schemas, so the answer is taken at its word.
   */
  call<T>(call: Call, token?: string): Promise<T>;
}

export interface HttpOptions {
  readonly platform: Platform;
  /** The service's address, up to but without `/api/v1`. */
  readonly base: string;
  /** Lets the browser send and keep the cookie with the refresh token. */
  readonly cookie: boolean;
  /** Ends all calls when the client is closed. */
  readonly lifetime: AbortSignal;
}

const attempts = 4;
const attemptMs = 15_000;
const between: Backoff = { baseMs: 250, capMs: 4_000 };

export function createHttp(
  { platform, base, cookie, lifetime }: HttpOptions,
): Http {
  const { clock, random } = platform;

  async function attempt(
    call: Call,
    token: string | undefined,
    outer: AbortSignal,
  ) {
    const timeout = new AbortController();
    const cancel = clock.after(
      attemptMs,
      () => timeout.abort(unavailable(`No answer within ${attemptMs} ms`)),
    );
    try {
      const response = await platform.fetch(addressOf(base, call), {
        method: call.method,
        headers: {
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(call.body !== undefined &&
            { "content-type": "application/json" }),
        },
        ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
        ...(cookie && { credentials: "include" }),
        signal: AbortSignal.any([outer, timeout.signal]),
      });
      if (call.stream && response.ok) return response.body;
      return await answerOf(response);
    } catch (error) {
      if (timeout.signal.aborted) throw timeout.signal.reason;
      // fetch() tells of a network failure by a TypeError and nothing else.
      if (!(error instanceof TypeError)) throw error;
      throw unavailable("The service cannot be reached", error);
    } finally {
      cancel();
    }
  }

  return {
    async call<T>(call: Call, token?: string) {
      const signal = call.signal
        ? AbortSignal.any([call.signal, lifetime])
        : lifetime;
      const tries = call.repeatable ?? call.method !== "POST" ? attempts : 1;
      for (let tried = 1;; tried++) {
        signal.throwIfAborted();
        try {
          return await attempt(call, token, signal) as T;
        } catch (error) {
          if (tried === tries || !hasCode(error, "unavailable")) throw error;
          const hint = (error as ParleyError).retryAfterMs ?? 0;
          const wait = hint + jittered(tried - 1, between, random);
          await sleep(clock, wait, signal);
        }
      }
    },
  };
}

function addressOf(base: string, { path, query = {} }: Call): string {
  const url = new URL(`${base}/api/v1${path}`);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url.href;
}

async function answerOf(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!response.ok) throw problemOf(response, text);
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    const detail = "The service answered with something that is not JSON";
    throw clientError("internal", { detail }, { cause });
  }
}
