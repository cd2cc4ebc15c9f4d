import type { Crowd } from "../crowd.ts";

export type CrowdTask = Crowd;

export interface Percentiles {
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

/** What sends of one kind came to, from the moment on when everybody came back. */
export interface SendsInStorm extends Percentiles {
  count: number;
  /** When the last one that had taken more than a second was answered, after everybody came back; 0: none. */
  slowUntilMs: number;
}

/** How everybody came back. */
export interface Return {
  /** Until the last one was live, or until nobody waited any longer. */
  allLiveMs: number;
  /** Those who were not live by then. */
  away: number;
  /** Attempts that failed and were repeated. */
  retries: number;
  /** From opening the connection to the answer to hello. */
  live: Percentiles;
  /** From saying hello to its answer. */
  hello: Percentiles;
}

/** What the crowd can be told to do, and what it answers. */
export interface CrowdOrders {
  /** Connects everybody, some at a time. */
  gather: { ask: { host: string; atOnce: number }; answer: null };
  /** The pairs start writing, and go on whatever happens: each has a message due so many times a second. */
  write: { ask: { perSecond: number }; answer: null };
  /** Half of the pairs connect; then all others at once, each with its cursor. */
  comeBack: { ask: { host: string; limitMs: number }; answer: Return };
  /** The pairs stop. What they sent since everybody came back, by whether they were back before. */
  stop: {
    ask: Record<string, never>;
    answer: { before: SendsInStorm; among: SendsInStorm; lost: number };
  };
}
