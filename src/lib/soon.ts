/** Asks for work to be done soon. */
export interface Soon extends Disposable {
  (): void;
}

/**
 * Work that many may ask for at once: it is begun after the last request, but at most once each
 * `restMs`, however many ask.
 */
export function createSoon(work: () => void, restMs: number): Soon {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let rested = true;
  let isAskedFor = false;

  function begin() {
    isAskedFor = false;
    rested = false;
    timer = setTimeout(() => {
      rested = true;
      if (isAskedFor) begin();
    }, restMs);
    work();
  }

  const ask = () => {
    isAskedFor = true;
    if (rested) begin();
  };
  return Object.assign(ask, { [Symbol.dispose]: () => clearTimeout(timer) });
}
