import type { Fault } from "./fault.ts";
import { upstashGround } from "./upstash_ground.ts";

/** A relay driver under test, and what it stands on. */
export interface Driver {
  readonly name: string;
  /** How far its announcements reach; what is beyond hears by the sweep alone. */
  readonly reach: "nothing" | "isolates" | "processes";
  /** In each process: several where the driver reaches no further. */
  readonly isolates: number;
  /** Starts what it stands on. */
  start(): Promise<Ground>;
}

/** What a driver stands on, for one run. */
export interface Ground extends AsyncDisposable {
  /** What the processes need to reach it. */
  readonly env: Record<string, string>;
  /** What can be done to it beside what can be done to every relay. */
  readonly faults: readonly Fault[];
}

const nothing: Ground = {
  env: {},
  faults: [],
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

export const drivers: readonly Driver[] = [
  {
    name: "local",
    reach: "nothing",
    isolates: 1,
    start: () => Promise.resolve(nothing),
  },
  {
    name: "postgres",
    reach: "processes",
    isolates: 1,
    start: () => Promise.resolve(nothing),
  },
  { name: "upstash", reach: "processes", isolates: 1, start: upstashGround },
  {
    name: "deno-kv",
    reach: "isolates",
    isolates: 2,
    start: () => Promise.resolve(nothing),
  },
];
