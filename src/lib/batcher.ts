interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Group commit for work that needs no order: items gather while the batch before them runs, then go
 * together. `run` answers with one result for each item, in order; when it rejects, all items do.
 * Past `waiting` items, `refuse` makes the error of a newcomer.
 */
export function createBatcher<Item, Result>(
  run: (items: Item[]) => Promise<Result[]>,
  limits: { batchSize: number; waiting: number; refuse: () => Error },
): (item: Item) => Promise<Result> {
  let queue: Waiting<Item, Result>[] = [];
  let running = false;

  async function drain() {
    running = true;
    while (queue.length > 0) {
      const batch = queue.slice(0, limits.batchSize);
      queue = queue.slice(limits.batchSize);
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
    if (queue.length >= limits.waiting) return Promise.reject(limits.refuse());
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    queue.push({ item, resolve, reject });
    if (!running) void drain();
    return promise;
  };
}
