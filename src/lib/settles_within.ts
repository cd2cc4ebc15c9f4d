/** Whether the work settles, one way or the other, within `ms`. It goes on; its failure is another's to tell. */
export async function settlesWithin(
  ms: number,
  work: Promise<unknown>,
): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(late.resolve, ms, false);
  const settled = work.then(() => true, () => true);
  const isInTime = await Promise.race([settled, late.promise]);
  clearTimeout(timer);
  return isInTime;
}
