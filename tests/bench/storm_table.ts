import { figure, row } from "./figure.ts";
import type { SendsInStorm } from "./load/crowd_orders.ts";
import type { ReconnectStorm, Storm } from "./parts/reconnect_storm.ts";

/** A column a round. */
export function stormLines(
  { clients, chatsEach, rounds }: ReconnectStorm,
): string[] {
  const add = (label: string, value: (round: Storm) => number, digits = 0) =>
    row(label, rounds.map((round) => figure(value(round), digits)));
  const sends = (label: string, of: (round: Storm) => SendsInStorm) => [
    add(`  sends of pairs back ${label}`, (round) => of(round).count),
    add("    p50, ms", (round) => of(round).p50Ms),
    add("    p99, ms", (round) => of(round).p99Ms),
    add("    longest, ms", (round) => of(round).maxMs),
    add(
      "    the last above 1 s ends after, ms",
      (round) => of(round).slowUntilMs,
    ),
  ];
  return [
    row(
      `${figure(clients)} clients of ${chatsEach} chats come back`,
      rounds.map(({ flags }) => flags === "" ? "as it is" : "bounded"),
    ),
    ...rounds.flatMap(({ flags }) =>
      flags === "" ? [] : [`  bounded: ${flags}`]
    ),
    add("  until all are live, ms", ({ allLiveMs }) => allLiveMs),
    add("  not live by then", ({ away }) => away),
    add("  until a client is live, p50, ms", ({ live }) => live.p50Ms),
    add("    p99, ms", ({ live }) => live.p99Ms),
    add("  answer to hello, p50, ms", ({ hello }) => hello.p50Ms),
    add("    p99, ms", ({ hello }) => hello.p99Ms),
    add("  attempts that failed", ({ retries }) => retries),
    ...sends("before", ({ before }) => before),
    ...sends("among all", ({ among }) => among),
    add("  unanswered or away at the end", ({ lost }) => lost),
    add("  most memory of the service, MB", ({ peakBytes }) => peakBytes / 1e6),
    add("  processor time of the service, s", (r) => r.cpuSeconds.service, 1),
    add("    of the clients, s", (r) => r.cpuSeconds.clients, 1),
  ];
}
