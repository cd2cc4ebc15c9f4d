interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export interface BatchLimits {
  readonly batchSize: number;
  readonly waiting: number;
  readonly refuse: () => Error;
  readonly gatherTurn?: boolean;
}

/**
 * Group commit for work that needs no order: items gather while the batch before them runs, then go
 * together. `run` answers with one result for each item, in order; when it rejects, all items do.
 * Past `waiting` items, `refuse` makes the error of a newcomer. The first item goes at once, or with
 * `gatherTurn` together with those that come in the same turn.
 */
export function createBatcher<Item, Result>(
  run: (items: Item[]) => Promise<Result[]>,
  { batchSize, waiting, refuse, gatherTurn = false }: BatchLimits,
): (item: Item) => Promise<Result> {
  let queue: Waiting<Item, Result>[] = [];
  let running = false;

  async function drain() {
    while (queue.length > 0) {
      const batch = queue.slice(0, batchSize);
      queue = queue.slice(batchSize);
      try {
        const results = await run(batch.map(({ item }) => item));
        batch.forEach(({ resolve }, i) => resolve(results[i]!));
      } catch (error) {
        batch.forEach(({ reject }) => reject(error));
      }
    }
    running = false;
  }

  return (item) => {
    if (queue.length >= waiting) return Promise.reject(refuse());
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    queue.push({ item, resolve, reject });
    if (!running) {
      running = true;
      if (gatherTurn) queueMicrotask(() => void drain());
      else void drain();
    }
    return promise;
  };
}
