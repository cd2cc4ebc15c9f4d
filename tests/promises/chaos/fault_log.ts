/** When what stood in the way, in milliseconds of `now`. */
export interface FaultLog {
  /** Notes that a fault begins. Call the answer once it is healed. */
  begin(fault: NotedFault): () => void;
  readonly past: readonly Stretch[];
  /** Those that stood between two moments, also those that still stand. */
  between(from: number, to: number): readonly Stretch[];
}

export interface NotedFault {
  readonly name: string;
  /** What it keeps from its work. */
  readonly hits: "relay" | "database" | "process";
  /** The process that it hits, where it is a single one. */
  readonly process?: number;
}

export interface Stretch extends NotedFault {
  readonly from: number;
  /** Infinity while it stands. */
  readonly to: number;
}

export function createFaultLog(
  now: () => number = () => performance.now(),
): FaultLog {
  const past: (Stretch & { to: number })[] = [];
  return {
    past,
    begin(fault) {
      const stretch = { ...fault, from: now(), to: Infinity };
      past.push(stretch);
      return () => void (stretch.to = now());
    },
    between: (from, to) =>
      past.filter((stretch) => stretch.from <= to && stretch.to >= from),
  };
}
