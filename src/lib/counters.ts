/** What a number says of the service. A `count` only grows, a `gauge` is as it is now. */
export interface Measure {
  readonly kind: "count" | "gauge";
  readonly description: string;
}

/** The numbers of one isolate, for its operator and its tests. */
export interface Counters<Name extends string> {
  /** Adds to a count. */
  add(name: Name, by?: number): void;
  /** Says where a gauge is read. */
  watch(name: Name, read: () => number): void;
  /** All of them, as they are now. */
  read(): Readonly<Record<Name, number>>;
}

export function createCounters<Name extends string>(
  measures: Readonly<Record<Name, Measure>>,
): Counters<Name> {
  const names = Object.keys(measures) as Name[];
  const counts = new Map<Name, number>();
  const gauges = new Map<Name, () => number>();

  return {
    add: (name, by = 1) => void counts.set(name, (counts.get(name) ?? 0) + by),
    watch: (name, read) => void gauges.set(name, read),
    read: () =>
      Object.fromEntries(
        names.map((
          name,
        ) => [name, gauges.get(name)?.() ?? counts.get(name) ?? 0]),
      ) as Record<Name, number>,
  };
}
