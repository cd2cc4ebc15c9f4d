/** How waits between attempts grow: the bound doubles from `baseMs` up to `capMs`. */
export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * Full jitter: anywhere between nothing and the bound, so that clients which lost the service at the
 * same moment do not come back at the same moment. The first attempt is 0.
 */
export function jittered(
  attempt: number,
  { baseMs, capMs }: Backoff,
  random: () => number,
): number {
  return random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30));
}
