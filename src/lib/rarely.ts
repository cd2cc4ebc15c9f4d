/**
 * Lets the first of many alike through at once, and then one each `everyMs` with the number of those
 * that were held back: a service without its relay would log a line for each message.
 */
export function rarely(
  everyMs: number,
  now: () => number,
  tell: (error: unknown, suppressed: number) => void,
): (error: unknown) => void {
  let toldAt = -Infinity;
  let suppressed = 0;
  return (error) => {
    if (now() - toldAt < everyMs) {
      suppressed++;
      return;
    }
    tell(error, suppressed);
    toldAt = now();
    suppressed = 0;
  };
}
