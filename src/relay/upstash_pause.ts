/** A wait that can be cut short; one at a time. */
export interface Pause {
  wait(ms: number): Promise<void>;
  /** Ends the wait that is under way. */
  cut(): void;
}

export function createPause(): Pause {
  let cut = () => {};
  return {
    wait: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        cut = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    cut: () => cut(),
  };
}
