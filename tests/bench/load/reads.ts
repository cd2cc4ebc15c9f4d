import { percentile } from "../statistics.ts";

export interface ReadRate {
  count: number;
  perSecond: number;
  p50Ms: number;
}

/** Reads an address for so long, so many times at once, as one person after the other. */
export async function readAtOnce(
  url: string,
  tokens: readonly string[],
  inFlight: number,
  forMs: number,
): Promise<ReadRate> {
  const began = performance.now();
  const times: number[] = [];
  let turn = 0;
  await Promise.all(Array.from({ length: inFlight }, async () => {
    while (performance.now() - began < forMs) {
      const authorization = `Bearer ${tokens[turn++ % tokens.length]}`;
      const since = performance.now();
      const response = await fetch(url, { headers: { authorization } });
      const body = await response.text();
      if (!response.ok) throw new Error(`${response.status} ${body}`);
      times.push(performance.now() - since);
    }
  }));
  return {
    count: times.length,
    perSecond: times.length / ((performance.now() - began) / 1000),
    p50Ms: percentile(times, 0.5),
  };
}
