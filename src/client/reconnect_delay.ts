import { closeCodes } from "../protocol/frames.ts";
import { type Backoff, jittered } from "./backoff.ts";

export interface Loss {
  /** What the connection was closed with. */
  readonly code: number;
  /** What the service asked for: `reconnectInMs` before a restart, `retryAfterMs` of a refused hello. */
  readonly hintMs?: number | undefined;
  /** How many attempts in a row came to nothing before this one. */
  readonly failures: number;
  /** Whether the attempt before ended for its token too. */
  readonly isRepeatedRefusal?: boolean;
}

const backoff: Backoff = { baseMs: 500, capMs: 30_000 };
/** The service counts frames over seconds: coming back within them would be flooding again. */
const afterFloodingMs = 5_000;

/** How long to stay away after a lost connection, in milliseconds. */
export function reconnectDelay(
  { code, hintMs, failures, isRepeatedRefusal = false }: Loss,
  random: () => number,
): number {
  // Everybody gets the same hint: spread over as much time again.
  if (hintMs !== undefined) return hintMs * (1 + random());
  if (code === closeCodes.unauthenticated && !isRepeatedRefusal) return 0;
  const wait = jittered(failures, backoff, random);
  return code === closeCodes.flooding ? afterFloodingMs + wait : wait;
}
