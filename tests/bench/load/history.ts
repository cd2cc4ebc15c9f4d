import type { World } from "../systems/system.ts";
import type { Adapter } from "./adapter.ts";
import type { Orders, Rate } from "./orders.ts";
import { Stopwatch } from "./stopwatch.ts";

const pageItems = 50;

/** Reads the latest page of one chat after another, several at once. */
export async function readHistory(
  adapter: Adapter,
  host: string,
  { pairs }: World,
  { inFlight, ...stretch }: Orders["history"]["ask"],
): Promise<Rate> {
  const stopwatch = new Stopwatch(stretch);
  let turn = 0;

  async function read(): Promise<string> {
    const { chatId, receiver } = pairs[turn++ % pairs.length]!;
    const since = performance.now();
    const response = await fetch(
      adapter.history!(host, receiver, chatId, pageItems),
    );
    const body = await response.text();
    if (!response.ok) throw new Error(`${response.status} ${body}`);
    const now = performance.now();
    stopwatch.count(now);
    stopwatch.latency(since, now);
    return body;
  }

  const { items } = JSON.parse(await read());
  if (items.length !== pageItems) {
    throw new Error(`A page has ${items.length} messages, not ${pageItems}`);
  }
  await Promise.all(Array.from({ length: inFlight }, async () => {
    while (stopwatch.runs) await read();
  }));
  return stopwatch.rate();
}
