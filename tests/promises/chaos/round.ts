import { act, type Acting } from "./acting.ts";
import type { ChaosChat } from "./chat.ts";
import { check, type Checked } from "./check.ts";
import { checkAbsence, checkOnline } from "./check_presence.ts";
import type { Driver } from "./driver.ts";
import type { Fault } from "./fault.ts";
import { runFaults } from "./fault_lane.ts";
import type { FaultLog } from "./fault_log.ts";
import { hearTyping } from "./hear_typing.ts";
import { endGroup, makeGroups } from "./make_chats.ts";
import { pause } from "./pause.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

export interface RoundParts {
  readonly world: World;
  readonly random: Random;
  readonly log: FaultLog;
  /** Chats that outlive the round. */
  readonly lasting: readonly ChaosChat[];
  /** What goes wrong: one list after the other where they stand in one lane, side by side else. */
  readonly lanes: readonly (readonly Fault[])[];
  /** It goes on at least until so many operations have begun, and until its faults are over. */
  readonly operations: number;
  readonly thinkMs: number;
  /** How long everybody acts before the first fault, in milliseconds. */
  readonly calmMs: number;
  readonly reach: Driver["reach"];
  /** How many people go away for a while at the end, which takes the time of a lease. */
  readonly absent: number;
  readonly checked: Checked;
  onActing(acting: Acting): void;
  /** Ends it early, as a failure. */
  readonly signal: AbortSignal | undefined;
}

/** Everybody acts amid faults; then, with all of them healed, everything has to be right. */
export async function playRound(parts: RoundParts): Promise<void> {
  const { world, random, log } = parts;
  const groups = await makeGroups(world, random.fork("groups"));
  world.chats = [...groups, ...parts.lasting];
  const acting = act(world, random.fork("plans"), parts.thinkMs);
  parts.onActing(acting);
  const abort = new AbortController();
  const signal = parts.signal
    ? AbortSignal.any([abort.signal, parts.signal])
    : abort.signal;
  const faults = Promise.all(parts.lanes.map(async (lane, i) => {
    await pause(parts.calmMs, signal);
    await runFaults(lane, random.fork(`lane ${i}`), log, signal);
  }));
  async function enough() {
    await faults;
    while (acting.begun < parts.operations && !signal.aborted) {
      await pause(50, signal);
    }
  }
  try {
    await acting.during(enough());
    parts.signal?.throwIfAborted();
    await acting.end();
  } finally {
    abort.abort();
    await faults;
  }
  await Promise.all(world.clients.map((client) => client.live()));
  const backMs = await hearTyping(world, parts.reach);
  parts.checked.relayBackMs = Math.max(parts.checked.relayBackMs, backMs);
  await check(world, parts.checked);
  parts.checked.online += await checkOnline(world, parts.lasting);
  await checkAbsence(world, parts.lasting.slice(0, parts.absent));
  world.silence.review();
  await Promise.all(groups.map((group) => endGroup(world, group)));
}
