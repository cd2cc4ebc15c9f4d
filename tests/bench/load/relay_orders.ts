import type { RelayName } from "../relays.ts";

export interface RelayTask {
  /** The variables of a service that uses the driver. */
  env: Record<string, string>;
  relay: RelayName;
}

export interface RelayRate {
  /** Announcements that arrived at the other end, by the time between the first and the last. */
  perSecond: number;
  published: number;
  arrived: number;
}

export interface RelayLatency {
  p50Ms: number;
  p99Ms: number;
}

/** What the two ends of a relay can be told, and what they answer. */
export interface RelayOrders {
  /** Publications of so many announcements, so many of them under way, for so long. */
  rate: {
    ask: { durationMs: number; batch: number; inFlight: number };
    answer: RelayRate;
  };
  /** One announcement at a time, so often. */
  latency: {
    ask: { count: number; everyMs: number };
    answer: RelayLatency;
  };
}

/** What an end, an isolate of its own, is asked; it answers each with one message. */
export type EndOrder =
  | { do: "open"; env: Record<string, string> }
  | { do: "hear" }
  | { do: "publish"; durationMs: number; batch: number; inFlight: number }
  | { do: "tick"; count: number; everyMs: number }
  | { do: "report" }
  | { do: "close" };

/** What arrived at an end since it was last asked. */
export interface Heard {
  arrived: number;
  /** Of the last one, on the clock that all isolates of a process share. */
  lastAt: number;
  latenciesMs: number[];
}
