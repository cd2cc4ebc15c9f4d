/** Does what has gathered, one step at a time, and does not insist while it fails. */
export interface Pump {
  /** More has gathered. After a failure it waits for `retry`. */
  start(): void;
  retry(): void;
  /** Resolves once nothing is under way. */
  settled(): Promise<void>;
}

export interface PumpParts {
  /** What it does, for the log. */
  readonly what: string;
  isWaiting(): boolean;
  /** Does some of what is waiting. Puts back what it could not do before it rejects. */
  step(): Promise<void>;
  /** Takes work that nobody waits for; its failure is counted and logged. */
  background(what: string, work: Promise<unknown>): void;
}

export function createPump(parts: PumpParts): Pump {
  const { what, isWaiting, step, background } = parts;
  let running: Promise<void> | undefined;
  let hasFailed = false;

  async function run() {
    try {
      do await step(); while (isWaiting());
    } catch (error) {
      hasFailed = true;
      throw error;
    } finally {
      running = undefined;
    }
  }

  function start() {
    if (running || hasFailed || !isWaiting()) return;
    running = run();
    background(what, running);
  }

  return {
    start,
    retry() {
      hasFailed = false;
      start();
    },
    async settled() {
      await running?.catch(() => {
        // The background has counted it.
      });
    },
  };
}
