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
    lowest = Math.min(lowest, await statusBytes(pid, "VmRSS"));
  }
  return lowest;
}

/** The most resident bytes that a process ever had. */
export async function peakMemory(pid: number): Promise<number> {
  return await statusBytes(pid, "VmHWM");
}

async function statusBytes(pid: number, field: string): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const [, kilobytes] = RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)!;
  return Number(kilobytes) * 1024;
}
