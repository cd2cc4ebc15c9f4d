import { cachesLines } from "./caches_table.ts";
import { figure, row } from "./figure.ts";
import type { PerSystem } from "./parts/bench.ts";
import type { ColdStart } from "./parts/cold_start.ts";
import type { Isolates } from "./parts/isolates.ts";
import type { LargeHello } from "./parts/large_hello.ts";
import type { Report } from "./report.ts";
import { largeChatsLines } from "./large_chats_table.ts";
import { relayLines } from "./relay_table.ts";
import { stormLines } from "./storm_table.ts";
import { systemNames } from "./systems/system.ts";
import { targetsOf } from "./targets.ts";

/** The report for people: a column a system, then what is Parley's alone, then the targets. */
export function table(report: Report): string {
  const { machine, coldStart, largeHello, isolates, reconnectStorm } = report;
  const { deno, postgres, cores, loadAverage, socketioRuntime } = machine;
  const lines = [
    "",
    `Deno ${deno}, PostgreSQL ${postgres}, ${cores} cores, load average ${
      figure(loadAverage, 1)
    } before`,
  ];
  if (socketioRuntime !== undefined) {
    lines.push(`socketio on ${socketioRuntime}`, "", ...peerLines(report));
  }
  if (coldStart) lines.push("", ...coldStartLines(coldStart));
  if (largeHello) lines.push("", ...largeHelloLines(largeHello));
  if (report.largeChats) lines.push("", ...largeChatsLines(report.largeChats));
  if (report.caches) lines.push("", ...cachesLines(report.caches));
  lines.push(...relayLines(report));
  if (isolates) lines.push("", ...isolateLines(isolates));
  if (reconnectStorm) lines.push("", ...stormLines(reconnectStorm));

  lines.push("");
  for (const { wanted, found, isMet } of targetsOf(report)) {
    lines.push(`${isMet ? "met   " : "missed"}  ${wanted}: ${found}`);
  }
  return lines.join("\n");
}

function peerLines(
  { durableSends, fanOut, history, connectionBytes }: Report,
): string[] {
  const lines = [row("", systemNames)];
  const add = (label: string, figures: PerSystem, digits = 0) =>
    lines.push(
      row(label, systemNames.map((name) => figure(figures[name], digits))),
    );
  if (durableSends) {
    const { p50Ms, p99Ms, sameRate } = durableSends;
    add("durable sends a second", durableSends);
    add("  p50 to the receiver, ms", p50Ms, 1);
    add("  p99 to the receiver, ms", p99Ms, 1);
    lines.push(`durable sends, ${figure(sameRate.offered)} a second offered`);
    add("  p50 to the receiver, ms", sameRate.p50Ms, 1);
    add("  p99 to the receiver, ms", sameRate.p99Ms, 1);
  }
  if (fanOut) {
    add(`deliveries a second, ${fanOut.sockets} sockets`, fanOut);
    add("  p50 to a socket, ms", fanOut.p50Ms, 1);
    add("  p99 to a socket, ms", fanOut.p99Ms, 1);
  }
  if (history) {
    add("history pages a second", history);
    add("  p99, ms", history.p99Ms, 1);
  }
  if (connectionBytes) add("bytes an idle connection", connectionBytes);
  return lines;
}

const coldStartLines = ({ parley, deno, beyondMs }: ColdStart) => [
  row("", ["parley", "bare Deno", "beyond it"]),
  row("start to the first answer, ms", [
    figure(parley.firstMs),
    figure(deno.firstMs),
    figure(beyondMs),
  ]),
  row("  the second answer, ms", [
    figure(parley.secondMs, 1),
    figure(deno.secondMs, 1),
    figure(parley.secondMs - deno.secondMs, 1),
  ]),
];

const largeHelloLines = ({ chats, whole, withCursor }: LargeHello) => [
  row(`hello with ${figure(chats)} chats`, ["whole", "with cursor"]),
  row("  p50, ms", [figure(whole.p50Ms, 1), figure(withCursor.p50Ms, 1)]),
  row("  p99, ms", [figure(whole.p99Ms, 1), figure(withCursor.p99Ms, 1)]),
  row("  processor time of the service, ms", [
    figure(whole.cpuMs, 1),
    figure(withCursor.cpuMs, 1),
  ]),
];

const isolateLines = ({ rounds }: Isolates) => {
  const add = (
    label: string,
    value: (round: Isolates["rounds"][number]) => number,
    digits = 0,
  ) => row(label, rounds.map((round) => figure(value(round), digits)));
  return [
    add("isolates of one process", ({ isolates }) => isolates),
    add("  durable sends a second", ({ perSecond }) => perSecond),
    add("  times those of one", ({ timesOne }) => timesOne, 2),
    add("  p50 to the receiver, ms", ({ p50Ms }) => p50Ms, 1),
    add("  p99 to the receiver, ms", ({ p99Ms }) => p99Ms, 1),
    add("  processors busy: service", ({ busy }) => busy.service, 2),
    add("    Postgres", ({ busy }) => busy.postgres, 2),
    add("    load generator", ({ busy }) => busy.generator, 2),
  ];
};
