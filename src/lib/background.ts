import type { Log } from "./log.ts";

/** Takes care of work that nobody waits for. */
export interface Background {
  /** A failure is counted, logged as `what failed`, and goes no further. */
  (what: string, work: Promise<unknown>): void;
  /** Resolves when all the work taken so far is over. */
  settled(): Promise<void>;
  /** Failures so far, by what failed. */
  readonly failures: ReadonlyMap<string, number>;
}

export function createBackground(log: Log): Background {
  const underway = new Set<Promise<void>>();
  const failures = new Map<string, number>();

  const background = (what: string, work: Promise<unknown>) => {
    const supervised: Promise<void> = work.then(() => {}, (error) => {
      failures.set(what, (failures.get(what) ?? 0) + 1);
      log.warn(`${what} failed`, { error });
    }).finally(() => underway.delete(supervised));
    underway.add(supervised);
  };

  return Object.assign(background, {
    settled: async () => {
      await Promise.all(underway);
    },
    failures,
  });
}
