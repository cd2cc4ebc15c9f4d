import { plan } from "../plan.ts";
import type { Bench, PerSystem } from "./bench.ts";
import { middle, SideBySide } from "./side_by_side.ts";

/** Deliveries a second in one group, with the latency from a send to each socket's event. */
export interface FanOut extends PerSystem {
  sockets: number;
  p50Ms: PerSystem;
  p99Ms: PerSystem;
}

export async function fanOut(bench: Bench): Promise<FanOut> {
  await using sides = await SideBySide.start(bench, "fan-out");
  bench.say(`fan-out: ${plan.fanOut.sockets} sockets in one group`);
  const rounds = await sides.rounds(
    plan.rounds,
    (generator) => generator.tell("fanOut", plan.fanOut),
  );
  return {
    ...middle(rounds, ({ perSecond }) => perSecond),
    sockets: plan.fanOut.sockets,
    p50Ms: middle(rounds, ({ p50Ms }) => p50Ms),
    p99Ms: middle(rounds, ({ p99Ms }) => p99Ms),
  };
}
