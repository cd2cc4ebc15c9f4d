import type { Fault } from "./fault.ts";
import type { FaultLog } from "./fault_log.ts";
import { pause } from "./pause.ts";
import type { Random } from "./random.ts";

/** Calm between two faults of a lane, in milliseconds. */
const calmMs = [200, 800] as const;

/**
 * Lets each of the faults happen once, one after the other, in an order and for times that `random`
 * chooses. Lanes run side by side, so that faults of different kinds meet. Once the signal comes, what
 * stands is healed, and nothing more happens.
 */
export async function runFaults(
  faults: readonly Fault[],
  random: Random,
  log: FaultLog,
  signal: AbortSignal,
): Promise<void> {
  for (const fault of random.shuffled(faults)) {
    const { name, hits, processes } = fault;
    const calm = random.between(...calmMs);
    const hold = random.between(...fault.holdMs);
    const process = random.int(processes ?? 1);
    await pause(calm, signal);
    if (signal.aborted) return;
    const over = log.begin({
      name,
      hits,
      ...(processes === undefined ? {} : { process }),
    });
    const heal = await fault.inject(process);
    await pause(hold, signal);
    await heal();
    over();
  }
}
