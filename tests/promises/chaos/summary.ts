import type { Checked } from "./check.ts";
import type { ChatCounts } from "./check_chat.ts";
import type { FaultLog } from "./fault_log.ts";
import type { FaultCounts } from "./relay_fault.ts";
import type { World } from "./world.ts";

export interface Ran {
  readonly driver: string;
  readonly seed: number;
  readonly processes: number;
  readonly operations: number;
  readonly ms: number;
  readonly world: World;
  readonly log: FaultLog;
  readonly relay: FaultCounts;
  readonly checked: Checked;
}

/** What a run did, what was injected and what was checked, to be read by a person. */
export function summary(ran: Ran): string {
  const { driver, processes, world, operations, ms, log, relay, checked } = ran;
  const { clients, people, counts, silence, witness } = world;
  const count = (name: string) => counts.get(name) ?? 0;
  const matching = (start: string) =>
    [...counts].filter(([name]) => name.startsWith(start));
  const sum = (pairs: [string, number][]) =>
    pairs.reduce((total, [, n]) => total + n, 0);
  const refused = matching("refused: ");
  const held = (name: keyof ChatCounts) =>
    [...checked.chats.values()].reduce((total, chat) => total + chat[name], 0);

  return [
    `${driver} relay, ${processes} processes, ${clients.length} clients of ${people.length} people, PARLEY_SEED=${ran.seed}`,
    line("did", [
      `${number(operations)} operations in ${seconds(ms)}`,
      ...kinds.map((kind) => `${count(kind)} ${kind}`),
    ]),
    line("of them", [
      `${sum(refused)} refused (${
        refused.map(([name, n]) => `${n} ${name.slice(9)}`).join(", ")
      })`,
      `${count("unanswered")} never answered`,
      `${count("sent again")} sends repeated`,
    ]),
    line("injected", [...injected(log), ...announcements(relay)]),
    line("clients", [
      `${count("connected again")} reconnects`,
      ...["silent", "not told", "not let in", "signed in again"].map((what) =>
        `${count(what)} ${what}`
      ),
      ...matching("closed with").map(([what, n]) => `${n} ${what}`),
    ]),
    line("checked", [
      `${checked.clients} clients, ${
        number(checked.pictures)
      } chats as freshly read elsewhere, ${checked.online} people online`,
      `${checked.chats.size} chats with ${
        number(held("messages"))
      } messages: seq without gaps, nothing twice`,
      `${number(held("acknowledged"))} acknowledged operations kept`,
      `${number(held("revs"))} revs without gaps, ${
        held("unheard")
      } of them heard by nobody live`,
      `${number(witness.heardEvents)} events, the same for all who heard them`,
    ]),
    ...(checked.relayBackMs === 0 ? [] : [
      line("relay", [
        `back everywhere ${
          seconds(checked.relayBackMs)
        } after the last fault, at the latest`,
      ]),
    ]),
    line(
      "silence after removal or sign-out, at other processes",
      [...silence.took].map(([weather, took]) =>
        `${weather}: ${percentiles(took)}`
      ),
    ),
  ].join("\n");
}

const kinds = [
  "send",
  "edit",
  "delete",
  "hide",
  "react",
  "pin",
  "vote",
  "closePoll",
  "read",
  "typing",
  "add",
  "remove",
  "ban",
  "unban",
  "setRole",
  "rename",
  "reconnect",
  "signOut",
  "idle",
];

const line = (head: string, parts: readonly string[]) =>
  `  ${head}: ${parts.join("; ")}`;

/** Each fault with how often and how long it stood. */
function injected({ past }: FaultLog): string[] {
  return [...Map.groupBy(past, ({ name }) => name)].map(([name, all]) => {
    const ms = all.reduce((sum, { from, to }) => sum + to - from, 0);
    return `${name} ${all.length}× for ${seconds(ms)}`;
  });
}

const announcements = (counts: FaultCounts) => [
  `announcements: ${number(counts.dropped)} dropped, ${
    number(counts.repeated)
  } repeated, ${number(counts.delayed)} delayed, ${
    number(counts.cutOff)
  } cut off`,
];

function percentiles(took: readonly number[]): string {
  const sorted = [...took].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)]!;
  return `p50 ${Math.round(median)} ms, max ${
    Math.round(sorted.at(-1)!)
  } ms (${sorted.length})`;
}

const number = (n: number) => n.toLocaleString("en-US");
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
