import type { Command } from "./command.ts";
import { createLane, type Lane, type LaneParts } from "./lane.ts";

/**
 * How many batches an isolate has in flight at most. With two, one is decided here while Postgres
 * writes the other; more only make each of them smaller. Fewer than the pool has connections, or
 * reads wait for writes.
 */
export const lanesAtOnce = 2;

/**
 * Several lanes side by side. A command takes the lane of its first scope, so that what concerns one
 * chat keeps its order; between lanes the locks in Postgres decide.
 */
export function createLanes(parts: LaneParts, count = lanesAtOnce): Lane {
  const lanes = Array.from({ length: count }, () => createLane(parts));

  const laneOf = ({ scopes: [first] }: Command<unknown>) =>
    // The last digits of a UUID are random in every version that people make.
    lanes[parseInt(first!.slice(-4), 16) % count]!;

  return {
    submit: (command) => laneOf(command).submit(command),
    async drained() {
      await Promise.all(lanes.map((lane) => lane.drained()));
    },
  };
}
