import type { Pause } from "../../src/relay/upstash_pause.ts";

/** A pause that lasts until the test lets the time go on. */
export interface HeldPause {
  readonly pause: Pause;
  now(): number;
  /** How long the wait under way is to be; undefined where there is none. */
  readonly waitMs: number | undefined;
  /** Lets so much time go by, and everything happen that follows from it. */
  advance(ms: number): Promise<void>;
}

export function holdPause(): HeldPause {
  let time = 0;
  let wait: { startedAt: number; ms: number; end(): void } | undefined;

  return {
    pause: {
      wait: (ms) =>
        new Promise((resolve) => {
          const end = () => {
            wait = undefined;
            resolve();
          };
          wait = { startedAt: time, ms, end };
        }),
      cut: () => wait?.end(),
    },
    now: () => time,
    get waitMs() {
      return wait?.ms;
    },
    async advance(ms) {
      time += ms;
      if (wait && wait.startedAt + wait.ms <= time) wait.end();
      await new Promise((resolve) => setTimeout(resolve, 0));
    },
  };
}
