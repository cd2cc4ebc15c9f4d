import type { Report } from "./report.ts";

/** Something the project wants of itself, and what became of it. */
export interface Target {
  wanted: string;
  found: string;
  isMet: boolean;
}

/** The targets that the report can decide. */
export function targetsOf(
  { durableSends, connectionBytes }: Report,
): Target[] {
  const targets: Target[] = [];
  const { ofFloor, timesSocketio } = durableSends?.ratios ?? {};
  if (ofFloor !== undefined) {
    targets.push({
      wanted: "at least 60 % of the floor's durable sends",
      found: `${(ofFloor * 100).toFixed(0)} %`,
      isMet: ofFloor >= 0.6,
    });
  }
  if (timesSocketio !== undefined) {
    targets.push({
      wanted: "at least 3 times the durable sends of socketio",
      found: `${timesSocketio.toFixed(2)} times`,
      isMet: timesSocketio >= 3,
    });
  }
  const { parley, socketio } = durableSends?.sameRate.p99Ms ?? {};
  if (parley !== undefined && socketio !== undefined) {
    targets.push({
      wanted: "p99 no worse than socketio's at the same rate",
      found: `${parley.toFixed(1)} ms, theirs ${socketio.toFixed(1)} ms`,
      isMet: parley <= socketio,
    });
  }
  if (connectionBytes?.parley !== undefined) {
    targets.push({
      wanted: "at most 30 KB an idle connection",
      found: `${(connectionBytes.parley / 1000).toFixed(1)} KB`,
      isMet: connectionBytes.parley <= 30_000,
    });
  }
  return targets;
}
