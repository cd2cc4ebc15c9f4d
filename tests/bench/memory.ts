const sampleMs = 100;

/**
 * The fewest resident bytes of a process over a while, so that garbage which is about to go is not
 * counted. Reads `/proc`, and so needs Linux.
 */
export async function lowestMemory(
  pid: number,
  duringMs: number,
): Promise<number> {
  let lowest = Infinity;
  for (let elapsed = 0; elapsed < duringMs; elapsed += sampleMs) {
    await new Promise((done) => setTimeout(done, sampleMs));
    lowest = Math.min(lowest, await residentBytes(pid));
  }
  return lowest;
}

async function residentBytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
}
