/** Waits, in real time, for something that I/O on this machine brings about. */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false,
): Promise<T> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`It never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Lets everything happen that is on its way already on the loopback. */
export const settle = (ms = 20) =>
  new Promise((resolve) => setTimeout(resolve, ms));
