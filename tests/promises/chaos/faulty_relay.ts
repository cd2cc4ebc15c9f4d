import type { Announcement, Relay } from "../../../src/relay/relay.ts";
import type { FaultCounts, RelayFault } from "./relay_fault.ts";

/** What a relay has to do at present, and what it has done. */
export interface Faults {
  readonly fault: RelayFault;
  readonly counts: FaultCounts;
  /** Called with each new fault, after it has come into force. */
  onChange(listener: () => void): void;
}

/** How late the second of two may come. */
const repeatMs = 300;

/**
 * A relay that does what a test wants done to announcements, in front of a real one. What it does is
 * what the interface allows: lose, repeat, reorder, refuse, and tell of a gap once it works again.
 */
export function createFaultyRelay(relay: Relay, faults: Faults): Relay {
  const { counts } = faults;
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const gaps = new Set<() => void>();
  let wasCut = faults.fault.cut;

  faults.onChange(() => {
    const { cut } = faults.fault;
    if (wasCut && !cut) gaps.forEach((onGap) => onGap());
    wasCut = cut;
  });

  function later(ms: number, shard: number, batch: readonly Announcement[]) {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (faults.fault.cut) counts.cutOff += batch.length;
      // The one who published has had its answer: what fails now is one more that was lost.
      else {relay.publish(shard, batch).catch(() =>
          counts.dropped += batch.length
        );}
    }, ms);
    timers.add(timer);
  }

  return {
    async publish(shard, announcements) {
      const { drop, repeat, delayMs, cut } = faults.fault;
      if (cut) {
        counts.cutOff += announcements.length;
        throw new Error("The relay is cut");
      }
      const kept = announcements.filter(() => Math.random() >= drop);
      counts.dropped += announcements.length - kept.length;
      const again = kept.filter(() => Math.random() < repeat);
      counts.repeated += again.length;
      if (again.length > 0) later(Math.random() * repeatMs, shard, again);
      if (kept.length === 0) return;
      if (delayMs === 0) return await relay.publish(shard, kept);
      counts.delayed += kept.length;
      later(Math.random() * delayMs, shard, kept);
    },

    async subscribe(shard, on, onGap) {
      if (faults.fault.cut) throw new Error("The relay is cut");
      const gap = () => onGap();
      gaps.add(gap);
      try {
        const subscription = await relay.subscribe(
          shard,
          (batch) => {
            if (faults.fault.cut) counts.cutOff += batch.length;
            else on(batch);
          },
          gap,
        );
        return {
          async [Symbol.asyncDispose]() {
            gaps.delete(gap);
            await subscription[Symbol.asyncDispose]();
          },
        };
      } catch (error) {
        gaps.delete(gap);
        throw error;
      }
    },

    async [Symbol.asyncDispose]() {
      timers.forEach(clearTimeout);
      await relay[Symbol.asyncDispose]();
    },
  };
}
