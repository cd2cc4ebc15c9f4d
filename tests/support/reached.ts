import type { Event } from "../../src/protocol/events.ts";
import type { Line } from "./peer.ts";

/** The counter of the chat that an event takes its receiver to; undefined for other events. */
export function revIn(chatId: string, event: Event): number | undefined {
  return "chatId" in event && event.chatId === chatId && "rev" in event
    ? event.rev
    : undefined;
}

/** Resolves once the line has been told that the chat is at `rev` or further. */
export function reached(
  line: Line,
  chatId: string,
  rev: number,
): Promise<void> {
  const isThere = (event: Event) => (revIn(chatId, event) ?? 0) >= rev;
  if (line.events.some(isThere)) return Promise.resolve();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  line.onEvent((event) => isThere(event) && resolve());
  void line.closed.then(({ code }) =>
    reject(new Error(`Closed with ${code} before rev ${rev}`))
  );
  return promise;
}
