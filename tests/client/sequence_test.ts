import { deepEqual, equal } from "node:assert/strict";
import { createSequence, type Page } from "../../src/client/sequence.ts";
import { eventually, settle } from "./eventually.ts";
import { heldClock } from "./held_clock.ts";

Deno.test("no event is counted onto the holes that an interrupted pull left", async () => {
  const clock = heldClock();
  const log: string[] = [];
  const answers: (() => Promise<Page>)[] = [
    () => Promise.resolve({ to: 5, hasMore: true }),
    () => Promise.reject(new Error("refused")),
    () => Promise.resolve({ to: 8, hasMore: false }),
  ];
  const sequence = createSequence<string, Page>({
    clock,
    random: () => 0.5,
    known: 0,
    apply: (event) => log.push(event),
    fetch: () => answers.shift()!(),
    applyPage: ({ to }) => log.push(`page to ${to}`),
    onCaughtUp: () => log.push("caught up"),
    onRefused: () => log.push("refused"),
  });

  await sequence.behind(5).catch(() => {});
  deepEqual(log, ["page to 5", "refused"]);
  equal(sequence.isBehind, true, "rows that changed later are missing");

  sequence.receive(6, "event 6");
  await settle();
  equal(log.length, 2, "the event waits");
  clock.advance(500);
  await eventually("the rest", () => log.length === 4);
  deepEqual(log.slice(2), ["page to 8", "caught up"]);
  equal(sequence.isBehind, false);
  sequence.receive(9, "event 9");
  equal(log.at(-1), "event 9");
});
