import { createSemaphore, type Semaphore } from "./semaphore.ts";

/** Runs work for somebody: so many at once for each key, the rest waits in the order it came. */
export type Turns = <T>(key: string, work: () => Promise<T>) => Promise<T>;

export interface TurnsOptions {
  /** Works of one key that may run at the same time. */
  readonly places: number;
  /** Works of one key that may wait. */
  readonly waiting: number;
  /** The error of one too many. */
  readonly full: () => Error;
}

/** Keeps one who asks for much from taking everybody's turn. A key costs nothing while it is idle. */
export function createTurns(options: TurnsOptions): Turns {
  const busy = new Map<string, { semaphore: Semaphore; works: number }>();

  return async (key, work) => {
    const entry = busy.get(key) ??
      { semaphore: createSemaphore(options), works: 0 };
    busy.set(key, entry);
    entry.works++;
    try {
      return await entry.semaphore.run(work);
    } finally {
      if (--entry.works === 0) busy.delete(key);
    }
  };
}
