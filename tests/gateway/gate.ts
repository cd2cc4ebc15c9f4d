/** A door that work stops at, so that a test can do things while it waits there. */
export interface Gate {
  /** Resolves once somebody stands at it. */
  readonly reached: Promise<void>;
  /** Resolves once it is open. */
  pass(): Promise<void>;
  open(): void;
}

export function createGate(): Gate {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  return {
    reached: reached.promise,
    pass() {
      reached.resolve();
      return opened.promise;
    },
    open: () => opened.resolve(),
  };
}
