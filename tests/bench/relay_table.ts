import { figure, row } from "./figure.ts";
import { type PerRelay, relayNames } from "./relays.ts";
import type { Report } from "./report.ts";

/** A column a driver. */
export function relayLines(
  { relayRates, delivery, idleCost }: Report,
): string[] {
  const lines: string[] = [];
  const add = <F>(
    label: string,
    figures: PerRelay<F>,
    value: (figures: F) => number | undefined,
    digits = 0,
  ) =>
    lines.push(row(
      label,
      relayNames.map((name) =>
        figure(figures[name] && value(figures[name]), digits)
      ),
    ));
  if (relayRates || delivery || idleCost) lines.push("", row("", relayNames));
  if (relayRates) {
    add("announcements a second", relayRates, (its) => its.perSecond);
    add("  that did not arrive, %", relayRates, ({ lost }) => lost * 100, 2);
    add("  processor time of both ends, µs", relayRates, ({ cpuUs }) => cpuUs);
    add("  one alone, p50, ms", relayRates, ({ p50Ms }) => p50Ms, 1);
    add("  one alone, p99, ms", relayRates, ({ p99Ms }) => p99Ms, 1);
  }
  if (delivery) {
    lines.push(
      `from a send to its event elsewhere, ${delivery.perSecond} a second`,
    );
    add("  p50, ms", delivery, ({ p50Ms }) => p50Ms, 1);
    add("  p99, ms", delivery, ({ p99Ms }) => p99Ms, 1);
    add("  that did not arrive in time", delivery, ({ missing }) => missing);
  }
  if (idleCost) {
    const { connections } = idleCost;
    for (
      const [label, figures] of [
        ["without connections", idleCost.without],
        [`with ${connections} connections`, idleCost.with],
      ] as const
    ) {
      lines.push(`an idle isolate ${label}, a minute`);
      add("  queries to Postgres", figures, ({ queries }) => queries);
      add("  commands to Redis", figures, ({ commands }) => commands);
      add("  processor time, ms", figures, ({ cpuMs }) => cpuMs);
    }
  }
  return lines;
}
