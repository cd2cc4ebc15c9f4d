import type { World } from "../systems/system.ts";
import type { Adapter } from "./adapter.ts";
import type { Orders, Rate } from "./orders.ts";
import { pause } from "./pause.ts";
import { Stopwatch } from "./stopwatch.ts";
import { textOf } from "./text.ts";

interface Flight {
  readonly sender: number;
  readonly since: number;
  /** Sockets that it has not reached. */
  left: number;
}

/** A group that many sockets listen to and a few write to. Counts deliveries to the listening ones. */
export type FanOut = (
  ask: Omit<Orders["fanOut"]["ask"], "sockets" | "senders">,
) => Promise<Rate>;

const refusalPauseMs = 20;

export async function connectGroup(
  adapter: Adapter,
  host: string,
  { group: { chatId, members } }: World,
  { sockets, senders }: { sockets: number; senders: number },
): Promise<FanOut> {
  const flights = new Map<string, Flight>();
  let stopwatch: Stopwatch | undefined;
  let lost: string | undefined;
  const nobody = {
    acknowledged() {},
    received() {},
    lost: (reason: string) => lost = reason,
  };
  const memberOf = (i: number) => members[i % members.length]!;

  function received(messageId: string): void {
    const flight = flights.get(messageId);
    if (flight === undefined) return;
    const now = performance.now();
    stopwatch?.count(now);
    stopwatch?.latency(flight.since, now);
    if (--flight.left > 0) return;
    flights.delete(messageId);
    if (stopwatch?.runs) send(flight.sender);
  }

  function send(sender: number): void {
    const messageId = crypto.randomUUID();
    const since = performance.now();
    flights.set(messageId, { sender, since, left: sockets });
    writers[sender]!.send(chatId, messageId, textOf(messageId));
  }

  for (let from = 0; from < sockets; from += 50) {
    await Promise.all(
      Array.from(
        { length: Math.min(50, sockets - from) },
        (_, i) =>
          adapter.connect(host, memberOf(from + i), chatId, {
            ...nobody,
            received,
          }),
      ),
    );
  }
  const writers = await Promise.all(
    Array.from(
      { length: senders },
      (_, sender) =>
        adapter.connect(host, memberOf(sender), chatId, {
          ...nobody,
          acknowledged(messageId, ok) {
            if (ok) return;
            flights.delete(messageId);
            setTimeout(() => send(sender), refusalPauseMs);
          },
        }),
    ),
  );

  return async (stretch) => {
    stopwatch = new Stopwatch(stretch);
    for (let sender = 0; sender < senders; sender++) send(sender);
    while (stopwatch.runs || flights.size > 0) {
      if (lost !== undefined) throw new Error(lost);
      await pause(20);
    }
    return stopwatch.rate();
  };
}
