import { createPresence, type Watcher } from "../../src/presence/mod.ts";
import type { Database } from "../../src/db/database.ts";
import type { EventOf } from "../../src/protocol/events.ts";
import type { UserId } from "../../src/protocol/ids.ts";

export type PresenceEvent = EventOf<"presence">;

/** A connection that keeps what it is sent. */
export interface TestWatcher extends Watcher {
  readonly heard: PresenceEvent[];
}

export function watcher({ userId }: { userId: UserId }): TestWatcher {
  const heard: PresenceEvent[] = [];
  return { userId, heard, send: (event) => heard.push(event) };
}

/** Longer than any test: nobody goes offline by herself. */
export const never = 1_000_000_000;

/** Presence with a clock to turn, whose background work can be waited for. */
export function testPresence(db: Database, graceMs: number) {
  const clock = { ms: Date.UTC(2026, 0, 1) };
  const failures: unknown[] = [];
  let underway: Promise<void>[] = [];
  let onWork = () => {};
  const presence = createPresence({
    turns: (_key, work) => work(),
    db,
    clock: () => clock.ms,
    graceMs,
    background(_what, work) {
      underway.push(work.then(() => {}, (error) => void failures.push(error)));
      onWork();
    },
  });
  return {
    ...presence,
    clock,
    failures,
    /** Resolves once all that was begun is over. */
    async settled() {
      while (underway.length > 0) {
        const all = underway;
        underway = [];
        await Promise.all(all);
      }
    },
    /** Resolves once something more was begun, and is over. */
    async nextWork() {
      await new Promise<void>((resolve) => onWork = resolve);
      await this.settled();
    },
    [Symbol.asyncDispose]: () => presence[Symbol.asyncDispose](),
  };
}
