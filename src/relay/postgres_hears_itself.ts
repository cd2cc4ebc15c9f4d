import type { Notify, OpenEar } from "./postgres_port.ts";

export interface HearsItselfOptions {
  readonly openEar: OpenEar;
  readonly notify: Notify;
  /** How long the notification may take, in milliseconds. */
  readonly withinMs?: number;
}

/**
 * Whether what is notified arrives on the listening connection. It does not where that goes through
 * a transaction-mode pooler, or to another database: LISTEN then succeeds and hears nothing.
 * Rejects where the server cannot be asked.
 */
export async function hearsItself(
  { openEar, notify, withinMs = 3000 }: HearsItselfOptions,
): Promise<boolean> {
  const channel = `parley_probe_${crypto.randomUUID().replaceAll("-", "")}`;
  const { promise: answer, resolve, reject } = Promise.withResolvers<boolean>();
  answer.catch(() => {});
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new Error(`Cannot connect within ${withinMs} ms`));
    resolve(false);
  }, withinMs);
  try {
    const ear = await openEar({
      onNotification: (heard) => heard === channel && resolve(true),
      onLost: reject,
    }, late.signal);
    try {
      await ear.listen([channel]);
      await notify([{ channel, payload: "" }]);
      return await answer;
    } finally {
      await ear.end();
    }
  } finally {
    clearTimeout(timer);
  }
}
