export interface Semaphore {
  /** Runs the work once a place is free. Rejects at once with `full()` when the queue is full too. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

export interface SemaphoreOptions {
  /** Works that may run at the same time. */
  readonly places: number;
  /** Works that may wait for a place. */
  readonly waiting: number;
  /** The error of one too many. */
  readonly full: () => Error;
}

/** Lets so many works run at once and so many wait, in the order they came. */
export function createSemaphore(
  { places, waiting, full }: SemaphoreOptions,
): Semaphore {
  let free = places;
  const queue: (() => void)[] = [];

  /** A place is handed from one work to the next without becoming free in between. */
  function leave() {
    const next = queue.shift();
    if (next) next();
    else free++;
  }

  return {
    async run(work) {
      if (free > 0) free--;
      else if (queue.length < waiting) {
        await new Promise<void>((enter) => queue.push(enter));
      } else throw full();
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
