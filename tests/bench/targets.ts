import { ratio } from "./large_chats_table.ts";
import type { Storm } from "./parts/reconnect_storm.ts";
import type { Report } from "./report.ts";

/** Something the project wants of itself, and what became of it. */
export interface Target {
  wanted: string;
  found: string;
  isMet: boolean;
}

/** The targets that the report can decide. */
export function targetsOf(
  {
    durableSends,
    connectionBytes,
    coldStart,
    largeHello,
    largeChats,
    reconnectStorm,
  }: Report,
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
  if (coldStart !== undefined) {
    const { beyondMs } = coldStart;
    targets.push({
      wanted: "a start within 300 ms beyond Deno's own",
      found: `${beyondMs.toFixed(0)} ms`,
      isMet: beyondMs <= 300,
    });
  }
  if (largeHello !== undefined) {
    const { chats, whole } = largeHello;
    targets.push({
      wanted: `hello with ${chats} chats within 30 ms`,
      found: `${whole.p50Ms.toFixed(1)} ms`,
      isMet: whole.p50Ms <= 30,
    });
  }
  for (const { kind, sizes, p50Ms } of largeChats ?? []) {
    const worst = Math.max(...Object.values(p50Ms).map(ratio));
    targets.push({
      wanted: `a ${kind} of ${sizes.at(-1)} costs less than twice one of ${
        sizes[0]
      }`,
      found: `${worst.toFixed(2)} times at the most`,
      isMet: worst < 2,
    });
  }
  for (const round of reconnectStorm?.rounds ?? []) {
    targets.push(...stormTargets(round));
  }
  return targets;
}

function stormTargets(
  { flags, allLiveMs, away, lost, before, among, peakBytes }: Storm,
): Target[] {
  const slowUntilMs = Math.max(before.slowUntilMs, among.slowUntilMs);
  const after = flags === "" ? "a restart" : `a restart with ${flags}`;
  return [{
    wanted: `everybody live within 10 s of ${after}`,
    found: `${(allLiveMs / 1000).toFixed(1)} s, ${away} away, ${lost} lost`,
    isMet: allLiveMs <= 10_000 && away + lost === 0,
  }, {
    wanted: "no send above a second for longer than that",
    found: `${(slowUntilMs / 1000).toFixed(1)} s`,
    // Whoever is live last has a second left to send what waited.
    isMet: slowUntilMs <= allLiveMs + 1000,
  }, {
    wanted: "less than 512 MB meanwhile",
    found: `${(peakBytes / 1e6).toFixed(0)} MB`,
    isMet: peakBytes < 512e6,
  }];
}
