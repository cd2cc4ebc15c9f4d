/** How waits between attempts grow: the bound doubles from `baseMs` up to `capMs`. */
export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * Waits before the next attempt, anywhere up to the bound (full jitter), so that isolates which lost
 * the same server do not come back to it at the same moment. The first attempt is 0. The signal ends
 * the wait early.
 */
export function pause(
  attempt: number,
  { baseMs, capMs }: Backoff,
  signal: AbortSignal,
): Promise<void> {
  const ms = Math.random() * Math.min(capMs, baseMs * 2 ** attempt);
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}
