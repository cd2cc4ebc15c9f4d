import { figure, row } from "./figure.ts";
import type { Caches, ReadFigures } from "./parts/caches.ts";

/** Two columns for each read, without the cache and with it, and what it buys. */
export function cachesLines({ reads, redis }: Caches): string[] {
  const lines = reads.flatMap(({ what, cache, times, ...sides }) => {
    const line = (label: string, of: keyof ReadFigures, digits: number) =>
      row(`  ${label}`, [
        figure(sides.without[of], digits),
        figure(sides.with[of], digits),
        figure(sides.with[of] / sides.without[of], 2),
      ]);
    return [
      row(`${what}: ${cache}`, ["without", "with", "ratio"]),
      row("  reads a second", [
        figure(sides.without.perSecond),
        figure(sides.with.perSecond),
        figure(times, 2),
      ]),
      line("one alone, p50, ms", "aloneMs", 2),
      line("processor time of the service, ms", "cpuMs", 2),
      line("round trips to Postgres", "roundTrips", 1),
    ];
  });
  if (redis) {
    const { pageBytes, redisMs, rowsMs, placesMs } = redis;
    lines.push(
      row("a page for a second level, sealed, p50, ms", [
        "Redis",
        "Postgres",
        "places",
      ]),
      row(
        `  one of ${figure(pageBytes)} bytes`,
        [redisMs, rowsMs, placesMs].map((ms) => figure(ms, 2)),
      ),
    );
  }
  return lines;
}
