import { percentile } from "../statistics.ts";
import type { Rate, Stretch } from "./orders.ts";

/** Counts what happens after the warm-up and before the end of a stretch of load. */
export class Stopwatch {
  readonly startsAt: number;
  readonly endsAt: number;
  #count = 0;
  readonly #latencies: number[] = [];

  constructor(readonly stretch: Stretch) {
    this.startsAt = performance.now() + stretch.warmupMs;
    this.endsAt = this.startsAt + stretch.durationMs;
  }

  /** Whether the stretch goes on. */
  get runs(): boolean {
    return performance.now() < this.endsAt;
  }

  count(now: number): void {
    if (this.#covers(now)) this.#count++;
  }

  /** Of what began in the stretch, however late it ends. */
  latency(since: number, now: number): void {
    if (this.#covers(since)) this.#latencies.push(now - since);
  }

  rate(): Rate {
    return {
      perSecond: this.#count / (this.stretch.durationMs / 1000),
      p50Ms: percentile(this.#latencies, 0.5),
      p99Ms: percentile(this.#latencies, 0.99),
    };
  }

  #covers(now: number): boolean {
    return now >= this.startsAt && now < this.endsAt;
  }
}
