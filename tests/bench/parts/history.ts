import { plan } from "../plan.ts";
import type { Bench, PerSystem } from "./bench.ts";
import { middle, SideBySide } from "./side_by_side.ts";

/** Pages of 50 messages a second over HTTP. The floor keeps no history. */
export interface History extends PerSystem {
  p99Ms: PerSystem;
}

export async function history(bench: Bench): Promise<History> {
  const { messagesPerChat, ...ask } = plan.history;
  await using sides = await SideBySide.start(
    bench,
    "history",
    bench.running.filter(({ system }) => system.name !== "floor"),
  );
  bench.say(`history: pages of 50, ${ask.inFlight} in flight`);
  await sides.rounds(
    1,
    (generator) => generator.tell("fill", { messagesPerChat }),
  );
  const rounds = await sides.rounds(
    plan.rounds,
    (generator) => generator.tell("history", ask),
  );
  return {
    ...middle(rounds, ({ perSecond }) => perSecond),
    p99Ms: middle(rounds, ({ p99Ms }) => p99Ms),
  };
}
