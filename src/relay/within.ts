/**
 * The promise, or a rejection where it does not settle in time or the signal gives it up. What the
 * promise stands for goes on.
 */
export async function within<T>(
  ms: number,
  what: string,
  promise: Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`${what} took longer than ${ms} ms`)),
    ms,
  );
  const giveUp = () => late.reject(signal!.reason);
  signal?.addEventListener("abort", giveUp);
  if (signal?.aborted) giveUp();
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", giveUp);
  }
}
