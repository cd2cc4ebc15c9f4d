import assert from "node:assert/strict";
import type { Event } from "../../../src/protocol/events.ts";
import type { Client } from "./client.ts";
import { createFaultLog } from "./fault_log.ts";
import { Silence } from "./silence.ts";

/** A client that holds the chat `c` for as long as nobody calls `tell`. */
function clientAt(at: number) {
  const lost = Promise.withResolvers<void>();
  const chats = new Map([["c", {}]]);
  const client = {
    name: "ann",
    account: { userId: "ann", username: "ann" },
    at,
    line: { closed: new Promise(() => {}) },
    follower: { chats, lost: () => lost.promise },
  } as unknown as Client;
  const tell = async () => {
    chats.clear();
    lost.resolve();
    await new Promise((resolve) => setTimeout(resolve, 0));
  };
  return { client, tell };
}

const typing = { type: "typing", chatId: "c" } as Event;

/** A silence whose time stands still but for `pass`. */
function stage() {
  let time = 0;
  const now = () => time;
  const log = createFaultLog(now);
  const silence = new Silence({ log, crosses: true, sweepMs: 1000, now });
  return { log, silence, pass: (ms: number) => void (time += ms) };
}

Deno.test("who is told in time is counted, and who is not is named", async () => {
  const { silence, pass } = stage();
  const inTime = clientAt(1);
  silence.removing("c", "ann", 0)([inTime.client]);
  pass(20);
  await inTime.tell();
  assert.deepEqual(silence.took, new Map([["relay up", [20]]]));

  silence.removing("c", "ann", 0)([clientAt(1).client]);
  silence.review();
  assert.deepEqual(silence.violations, []);
  pass(6000);
  silence.review();
  assert.match(
    silence.violations.join(),
    /still holds a chat 6\d\d\d ms after/,
  );
});

Deno.test("what is heard after a removal is a violation once it is due", () => {
  const { silence, pass } = stage();
  const { client } = clientAt(1);
  silence.removing("c", "ann", 0)([]);
  silence.heard(client, typing);
  assert.deepEqual(silence.violations, []);
  pass(6000);
  silence.heard(client, typing);
  assert.match(silence.violations.join(), /hears of a chat 6000 ms after/);
});

Deno.test("whoever may be in again is not watched", () => {
  const { silence, pass } = stage();
  const { client } = clientAt(1);
  const hears = () => {
    pass(60_000);
    silence.heard(client, typing);
  };

  silence.removing("c", "ann", 0)([]);
  silence.adding("c", "ann")(true);
  hears();
  // Asked for before the removal, and answered after it.
  const added = silence.adding("c", "ann");
  const removed = silence.removing("c", "ann", 0);
  removed([]);
  added(true);
  hears();
  // Never answered: it may still happen.
  silence.adding("c", "ann")(false);
  silence.removing("c", "ann", 0)([]);
  hears();
  assert.deepEqual(silence.violations, []);
});

Deno.test("while the database is away nobody can be told", () => {
  const { log, silence, pass } = stage();
  const { client } = clientAt(1);
  const heal = log.begin({ name: "Postgres killed", hits: "database" });
  silence.removing("c", "ann", 0)([]);
  pass(6000);
  silence.heard(client, typing);
  assert.deepEqual(silence.violations, []);
  heal();
  pass(60_000);
  silence.heard(client, typing);
  assert.equal(silence.violations.length, 1);
});
