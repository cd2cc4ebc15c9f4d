/** Seconds of processor time, in user and kernel mode. Reads `/proc`, and so needs Linux. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  // The name, in brackets, may hold anything. What follows it are the fields from the third on (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, kernel] = [fields[14 - 3], fields[15 - 3]];
  return (Number(user) + Number(kernel)) / ticksPerSecond;
}

const ticksPerSecond = 100;

/** Those of several processes; of one that is gone, or another machine's, nothing. */
export async function sumOfCpuSeconds(
  pids: readonly number[],
): Promise<number> {
  const seconds = await Promise.all(
    pids.map((pid) => cpuSeconds(pid).catch(() => 0)),
  );
  return seconds.reduce((sum, each) => sum + each, 0);
}
