import type { Clock } from "./clock.ts";

/** Passes texts on in their order, no faster than a rate. */
export interface Pacer {
  send(text: string): void;
  /** Drops what waits. */
  stop(): void;
}

/**
 * The service closes a connection that floods it (1,000 frames at once, 500 a second after that).
 * Staying below by a fifth leaves room for what the network bunches up.
 */
const burst = 800;
const perSecond = 400;

export function createPacer(
  clock: Clock,
  pass: (text: string) => void,
): Pacer {
  const waiting: string[] = [];
  let tokens = burst;
  let filledAt = clock.now();
  let cancel: (() => void) | undefined;

  function flush() {
    cancel = undefined;
    const now = clock.now();
    const gained = Math.max(0, now - filledAt) * perSecond / 1000;
    tokens = Math.min(burst, tokens + gained);
    filledAt = now;
    while (tokens >= 1 && waiting.length > 0) {
      tokens--;
      pass(waiting.shift()!);
    }
    if (waiting.length > 0) cancel = clock.after(1000 / perSecond, flush);
  }

  return {
    send(text) {
      waiting.push(text);
      if (!cancel) flush();
    },
    stop() {
      cancel?.();
      waiting.length = 0;
    },
  };
}
