import type { Clock } from "../../src/client/clock.ts";

/** A clock that stands still until a test moves it. */
export interface HeldClock extends Clock {
  /** Lets time pass, calling back whatever falls due on the way, in its order. */
  advance(ms: number): void;
  /** How far off the timers are that wait, ascending. */
  waiting(): number[];
}

export function heldClock(start = 1_700_000_000_000): HeldClock {
  let now = start;
  const timers = new Set<{ at: number; callback: () => void }>();

  return {
    now: () => now,
    after(ms, callback) {
      const timer = { at: now + ms, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      const until = now + ms;
      for (;;) {
        const due = [...timers].filter(({ at }) => at <= until);
        const [next] = due.sort((a, b) => a.at - b.at);
        if (!next) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.callback();
      }
      now = until;
    },
    waiting: () => [...timers].map(({ at }) => at - now).sort((a, b) => a - b),
  };
}
