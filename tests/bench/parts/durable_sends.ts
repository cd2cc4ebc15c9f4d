import type { SendFigures } from "../load/orders.ts";
import { plan } from "../plan.ts";
import { median } from "../statistics.ts";
import type { SystemName } from "../systems/system.ts";
import type { Bench, PerSystem } from "./bench.ts";
import { middle, type Rounds, SideBySide } from "./side_by_side.ts";

/** Acknowledged sends a second, with the latency from a send to the receiver's event. */
export interface DurableSends extends PerSystem {
  p50Ms: PerSystem;
  p99Ms: PerSystem;
  /** Medians of each round's own ratio, so that what slows a whole round cancels out. */
  ratios: { ofFloor?: number; timesSocketio?: number };
  /** All systems under the same offered rate, which the slowest can sustain. */
  sameRate: { offered: number } & Latency;
}

interface Latency {
  p50Ms: PerSystem;
  p99Ms: PerSystem;
}

export async function durableSends(bench: Bench): Promise<DurableSends> {
  await using sides = await SideBySide.start(bench, "durable sends");
  const { pairs, inFlightPerPair, rounds } = plan;
  bench.say(`durable sends: ${pairs} pairs, ${inFlightPerPair} in flight each`);
  const acknowledged = new Map<SystemName, number>();
  const told = (
    name: SystemName,
    { acknowledged: more, ...sent }: SendFigures,
  ) => {
    acknowledged.set(name, (acknowledged.get(name) ?? 0) + more);
    if (sent.refused + sent.missing > 0) {
      bench.say(
        `durable sends: ${name} refused ${sent.refused}, did not deliver ${sent.missing}`,
      );
    }
  };

  const closed = await sides.rounds(rounds, async (generator, { system }) => {
    const figures = await generator.tell("closedLoop", {
      ...plan.durableSends,
      inFlight: inFlightPerPair,
    });
    told(system.name, figures);
    return figures;
  });

  if (closed.size === 0) throw new Error("no system got through");
  const rates = middle(closed, ({ perSecond }) => perSecond);
  const offered = Math.round(
    Math.min(...Object.values(rates)) * plan.sameRateShare,
  );
  bench.say(`durable sends: ${offered} a second offered to each`);
  const open = await sides.rounds(rounds, async (generator, { system }) => {
    const figures = await generator.tell("openLoop", {
      ...plan.sameRate,
      perSecond: offered,
    });
    told(system.name, figures);
    return figures;
  });

  for (const { system } of bench.running) {
    const stored = await bench.databases.countMessages(system.databaseUrl);
    const promised = acknowledged.get(system.name) ?? 0;
    if (stored < promised) {
      throw new Error(
        `${system.name} acknowledged ${promised} messages and stored ${stored}`,
      );
    }
  }

  return {
    ...rates,
    ...latency(closed),
    ratios: {
      ...ratio("ofFloor", closed, "floor"),
      ...ratio("timesSocketio", closed, "socketio"),
    },
    sameRate: { offered, ...latency(open) },
  };
}

function latency(rounds: Rounds<SendFigures>): Latency {
  return {
    p50Ms: middle(rounds, ({ p50Ms }) => p50Ms),
    p99Ms: middle(rounds, ({ p99Ms }) => p99Ms),
  };
}

function ratio<K extends string>(
  key: K,
  rounds: Rounds<SendFigures>,
  peer: SystemName,
): { [_ in K]?: number } {
  const ours = rounds.get("parley");
  const theirs = rounds.get(peer);
  if (ours === undefined || theirs === undefined) return {};
  const each = ours.map(({ perSecond }, i) => perSecond / theirs[i]!.perSecond);
  return { [key]: median(each) } as { [_ in K]?: number };
}
