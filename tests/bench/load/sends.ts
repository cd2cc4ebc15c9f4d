import type { Orders, SendFigures } from "./orders.ts";
import type { Pairs } from "./pairs.ts";
import { pause } from "./pause.ts";

/** What an open loop may have on its way when the system cannot keep up. */
const mostTravelling = 20_000;

export function closedLoop(
  pairs: Pairs,
  { inFlight, ...stretch }: Orders["closedLoop"]["ask"],
): Promise<SendFigures> {
  return pairs.measure(stretch, async (goesOn) => {
    pairs.next = (pair) => pairs.send(pair);
    for (let i = 0; i < inFlight * pairs.count; i++) {
      pairs.send(i % pairs.count);
    }
    while (goesOn()) await pause(20);
  });
}

export function openLoop(
  pairs: Pairs,
  { perSecond, ...stretch }: Orders["openLoop"]["ask"],
): Promise<SendFigures> {
  const start = performance.now();
  const dueAt = (nth: number) => start + nth * 1000 / perSecond;
  return pairs.measure(stretch, async (goesOn) => {
    let sent = 0;
    while (goesOn()) {
      const now = performance.now();
      while (dueAt(sent) <= now && pairs.travelling.size < mostTravelling) {
        pairs.send(sent % pairs.count, dueAt(sent));
        sent++;
      }
      await pause(1);
    }
  });
}

export async function fill(
  pairs: Pairs,
  { messagesPerChat }: Orders["fill"]["ask"],
): Promise<null> {
  const left = Array<number>(pairs.count).fill(messagesPerChat);
  await pairs.measure({ warmupMs: 0, durationMs: 30_000 }, async (goesOn) => {
    pairs.next = (pair) => {
      if (left[pair]!-- > 0) pairs.send(pair);
    };
    for (let pair = 0; pair < pairs.count; pair++) pairs.next(pair);
    while (goesOn() && pairs.unanswered > 0) await pause(5);
  });
  return null;
}
