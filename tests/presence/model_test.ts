import assert from "node:assert/strict";
import fc from "fast-check";
import { startSweep } from "../../src/changes/mod.ts";
import { createLocalRelay } from "../../src/relay/local.ts";
import type { Relay } from "../../src/relay/relay.ts";
import { testDatabase } from "../support/database.ts";
import {
  ageLease,
  forgetEveryone,
  grow,
  never,
  newUser,
  testPresence,
  type TestWatcher,
  watcher,
} from "./watchers.ts";

const leaseMs = 15_000;
const isolateCount = 3;
const people = Array.from({ length: 6 }, newUser);

/** What may happen on an isolate. */
const step = fc.record({
  what: fc.constantFrom(
    ...["arrive", "arrive", "arrive", "depart", "depart"] as const,
    ...["renew", "grow", "pause", "sweep", "settle"] as const,
  ),
  isolate: fc.nat(isolateCount - 1),
  person: fc.nat(people.length - 1),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Loses every second ring. */
function lossy(relay: Relay): Relay {
  let count = 0;
  return {
    ...relay,
    publish: (shard, batch) =>
      relay.publish(shard, batch.filter(() => ++count % 2 === 0)),
  };
}

Deno.test("whatever comes, goes, stops and gets lost, everyone is told what is true in the end", async () => {
  await using test = await testDatabase();
  const { database: db } = test;

  /** An isolate on which everyone looks at herself. */
  async function isolate(relay: Relay) {
    const presence = testPresence(db, { graceMs: 0, leaseMs, relay });
    const failures: unknown[] = [];
    const sweep = await startSweep({
      db,
      intervalMs: never,
      onHeads: () => {},
      sources: [presence.swept],
      onFailure: (error) => failures.push(error),
    });
    const tablets = people.map(watcher);
    await Promise.all(
      tablets.map((tablet) => presence.watch(tablet, [tablet.userId])),
    );
    return {
      presence,
      sweep,
      tablets,
      failures,
      devices: people.map((): TestWatcher[] => []),
    };
  }

  async function run(steps: readonly Step[]) {
    await forgetEveryone(db);
    await using cleanup = new AsyncDisposableStack();
    const relay = lossy(createLocalRelay());
    const isolates: Awaited<ReturnType<typeof isolate>>[] = [];
    for (let i = 0; i < isolateCount; i++) {
      const made = await isolate(relay);
      cleanup.use(made.presence);
      cleanup.use(made.sweep);
      isolates.push(made);
    }
    const all = async (work: (one: typeof isolates[number]) => unknown) => {
      for (const one of isolates) await work(one);
    };
    /** Lets the grace times of 0 ms pass, and what follows happen. */
    const settle = async () => {
      await new Promise((resolve) => setTimeout(resolve, 0));
      for (let i = 0; i < isolateCount; i++) {
        await all(({ presence }) => presence.settled());
      }
    };

    for (const { what, isolate, person } of steps) {
      const { presence, sweep, devices } = isolates[isolate]!;
      const mine = devices[person]!;
      if (what === "arrive") {
        const device = watcher(people[person]!);
        mine.push(device);
        presence.arrive(device);
      } else if (what === "depart") {
        const device = mine.pop();
        if (device) presence.depart(device);
      } else if (what === "grow") {
        await grow(db, presence);
      } else if (what === "pause") {
        await ageLease(db, presence, leaseMs);
      } else if (what === "renew") await presence.renew();
      else if (what === "sweep") await sweep.once();
      else await settle();
    }

    await settle();
    await all(({ presence }) => presence.renew());
    await settle();
    await all(({ sweep }) => sweep.once());
    await settle();
    for (const { tablets, presence, failures } of isolates) {
      assert.deepEqual([presence.failures, failures], [[], []]);
      for (const [person, { userId, heard }] of tablets.entries()) {
        const isHere = isolates.some(({ devices }) =>
          devices[person]!.length > 0
        );
        const read = await presence.read(userId, userId);
        assert.equal(read.online, isHere);
        assert.equal(heard.at(-1)?.online ?? false, isHere);
        if (heard.length > 0) {
          assert.equal(heard.at(-1)!.lastSeenAt, read.lastSeenAt);
        }
        heard.forEach((event, i) =>
          assert.notDeepEqual(event, heard[i - 1], "told twice")
        );
      }
    }
  }

  const stories = fc.array(step, { minLength: 5, maxLength: 60 });
  await fc.assert(fc.asyncProperty(stories, run), { numRuns: 25 });
});
