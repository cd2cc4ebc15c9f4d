import { Problem } from "../protocol/problem.ts";

/** What a command was made of has changed between the look and the lock: the next look finds it. */
export class Stale extends Problem {
  constructor(detail: string) {
    super("unavailable", { detail, retryAfterMs: 0 });
  }
}

/**
 * Looks and submits again, at once, for as long as the lock finds that the look was `Stale`; three
 * times at most. Any other problem is the caller's: a service that is overloaded is let be.
 */
export async function retryStale<Reply>(
  lookAndSubmit: () => Promise<Reply>,
): Promise<Reply> {
  for (let tries = 3;; tries--) {
    try {
      return await lookAndSubmit();
    } catch (error) {
      if (!(error instanceof Stale) || tries === 1) throw error;
    }
  }
}
