import type { PerSystem } from "./parts/bench.ts";
import type { Report } from "./report.ts";
import { systemNames } from "./systems/system.ts";
import { targetsOf } from "./targets.ts";

const labelWidth = 40;
const cellWidth = 12;

/** The report for people: a column a system, then the targets. */
export function table(report: Report): string {
  const { machine, durableSends, fanOut, history } = report;
  const { connectionBytes, coldStartMs } = report;
  const lines = [
    "",
    `Deno ${machine.deno}, PostgreSQL ${machine.postgres}, ${machine.cores} cores; socketio on ${machine.socketioRuntime}`,
    "",
    row("", systemNames),
  ];
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
  if (coldStartMs) {
    const { deno, ...parley } = coldStartMs;
    add(`cold start, ms (bare Deno: ${figure(deno)})`, parley);
  }

  lines.push("");
  for (const { wanted, found, isMet } of targetsOf(report)) {
    lines.push(`${isMet ? "met   " : "missed"}  ${wanted}: ${found}`);
  }
  return lines.join("\n");
}

function row(label: string, cells: readonly string[]): string {
  return label.padEnd(labelWidth) +
    cells.map((cell) => cell.padStart(cellWidth)).join("");
}

/** A number with its thousands apart, or a dash where there is none. */
function figure(value: number | undefined, digits = 0): string {
  return value?.toFixed(digits).replace(/\B(?=(\d{3})+(?!\d))/g, " ") ?? "–";
}
