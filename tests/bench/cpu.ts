/** Seconds of processor time, in user and kernel mode. Reads `/proc`, and so needs Linux. */
export async function cpuSeconds(pid: number): Promise<number> {
  const { own } = await timesOf(pid);
  return own;
}

/**
 * Those of a process with all its children, living and gone: a database server has one for each
 * connection. 0 where it is none of this machine's.
 */
export async function familyCpuSeconds(pid: number): Promise<number> {
  let sum = 0;
  for await (const { name } of Deno.readDir("/proc")) {
    const id = Number(name);
    if (!Number.isInteger(id)) continue;
    try {
      const { parent, own, gone } = await timesOf(id);
      if (id === pid) sum += own + gone;
      else if (parent === pid) sum += own;
    } catch {
      // It ended meanwhile.
    }
  }
  return sum;
}

const ticksPerSecond = 100;

async function timesOf(pid: number) {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  // The name, in brackets, may hold anything. What follows it are the fields from the third on (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const seconds = (...at: number[]) =>
    at.reduce((sum, i) => sum + Number(fields[i - 3]), 0) / ticksPerSecond;
  return {
    parent: Number(fields[1]),
    own: seconds(14, 15),
    gone: seconds(16, 17),
  };
}
