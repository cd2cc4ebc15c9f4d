import assert from "node:assert/strict";
import { startSweep } from "../../src/changes/mod.ts";
import type { Database } from "../../src/db/database.ts";
import type { ChatId } from "../../src/protocol/ids.ts";
import { createLocalRelay } from "../../src/relay/local.ts";
import { shardOf } from "../../src/relay/relay.ts";
import { testDatabase } from "../support/database.ts";
import {
  forgetEveryone,
  never,
  newUser,
  testPresence,
  type TestPresenceOptions,
  type TestWatcher,
  watcher,
} from "./watchers.ts";

const states = ({ heard }: TestWatcher) => heard.map(({ online }) => online);

Deno.test("presence across isolates", async (t) => {
  await using test = await testDatabase();
  const { database: db } = test;
  // Everybody may see herself, which is all that these need.
  const ann = newUser();

  /** Two isolates, and ann's tablet on the second, from where she looks whether she is online. */
  async function twoIsolates(options: TestPresenceOptions, hereDb = db) {
    await forgetEveryone(db);
    await using cleanup = new AsyncDisposableStack();
    const here = cleanup.use(testPresence(hereDb, options));
    const there = cleanup.use(testPresence(db, options));
    const tablet = watcher(ann);
    await there.watch(tablet, [ann.userId]);
    const stack = cleanup.move();
    return {
      here,
      there,
      tablet,
      async settled() {
        await here.settled();
        await there.settled();
      },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  }

  await t.step("who comes and goes on one is told on the other", async () => {
    const options = { graceMs: 0, relay: createLocalRelay() };
    await using two = await twoIsolates(options);
    const { here, there, tablet } = two;
    const phone = watcher(ann);
    here.arrive(phone);
    await two.settled();
    assert.deepEqual(states(tablet), [true]);
    const gone = here.nextWork();
    here.depart(phone);
    await gone;
    await two.settled();
    assert.deepEqual(states(tablet), [true, false]);
    const { lastSeenAt } = await there.read(ann.userId, ann.userId);
    assert.equal(tablet.heard[1]!.lastSeenAt, lastSeenAt);
  });

  await t.step("one is online while she is on any", async () => {
    const options = { graceMs: 0, relay: createLocalRelay() };
    await using two = await twoIsolates(options);
    const { here, there, tablet } = two;
    const [phone, laptop] = [watcher(ann), watcher(ann)];
    here.arrive(phone);
    await two.settled();
    there.arrive(laptop);
    await two.settled();
    let gone = here.nextWork();
    here.depart(phone);
    await gone;
    await two.settled();
    assert.deepEqual(states(tablet), [true]);
    assert.equal((await here.read(ann.userId, ann.userId)).online, true);
    assert.deepEqual([here.rings.length, there.rings.length], [1, 0]);
    gone = there.nextWork();
    there.depart(laptop);
    await gone;
    assert.deepEqual(states(tablet), [true, false]);
    assert.deepEqual([here.rings.length, there.rings.length], [1, 1]);
  });

  await t.step(
    "who comes back on another one within the grace time was never away",
    async () => {
      const gate = Promise.withResolvers<void>();
      let isHeld = false;
      const held: Database = {
        ...db,
        async run(...statements) {
          if (isHeld) await gate.promise;
          return await db.run(...statements);
        },
      };
      const options = { graceMs: 0, relay: createLocalRelay() };
      await using two = await twoIsolates(options, held);
      const { here, there, tablet } = two;
      const phone = watcher(ann);
      here.arrive(phone);
      await two.settled();
      // The end of the grace time, as long as the test likes.
      isHeld = true;
      const over = here.nextWork();
      here.depart(phone);
      there.arrive(watcher(ann));
      await there.settled();
      gate.resolve();
      await over;
      await two.settled();
      assert.deepEqual(states(tablet), [true]);
      assert.deepEqual([here.rings.length, there.rings.length], [1, 0]);
      assert.equal((await here.read(ann.userId, ann.userId)).online, true);
    },
  );

  await t.step("coming and going at once ends with what is true", async () => {
    const options = { graceMs: 0, relay: createLocalRelay() };
    await using two = await twoIsolates(options);
    const { here, there, tablet } = two;
    for (let i = 0; i < 10; i++) {
      const [phone, laptop] = [watcher(ann), watcher(ann)];
      here.arrive(phone);
      await two.settled();
      const gone = here.nextWork();
      here.depart(phone);
      there.arrive(laptop);
      await gone;
      await two.settled();
      assert.equal(states(tablet).at(-1), true);
      const goneToo = there.nextWork();
      there.depart(laptop);
      await goneToo;
      await two.settled();
      assert.equal(states(tablet).at(-1), false);
    }
  });

  await t.step("a ring that got lost is made up for by the sweep", async () => {
    // Each with a relay of its own.
    await using two = await twoIsolates({ graceMs: 0 });
    const { here, there, tablet } = two;
    const failures: unknown[] = [];
    await using sweep = await startSweep({
      db,
      intervalMs: never,
      onHeads: () => {},
      sources: [there.swept],
      onFailure: (error) => failures.push(error),
    });
    const phone = watcher(ann);
    here.arrive(phone);
    await two.settled();
    assert.deepEqual(states(tablet), []);
    await sweep.once();
    await two.settled();
    assert.deepEqual(states(tablet), [true]);
    const gone = here.nextWork();
    here.depart(phone);
    await gone;
    await sweep.once();
    await two.settled();
    assert.deepEqual(states(tablet), [true, false]);
    assert.deepEqual(failures, []);
  });

  await t.step("nobody who watches nobody is swept for", async () => {
    await using two = await twoIsolates({});
    assert.equal(two.here.swept.statement("3"), null);
    assert.notEqual(two.there.swept.statement("3"), null);
    await two.there.watch(two.tablet, []);
    assert.equal(two.there.swept.statement("3"), null);
    await two.there.watch(two.tablet, [ann.userId]);
    two.there.depart(two.tablet);
    assert.equal(two.there.swept.statement("3"), null);
  });

  await t.step("rings that repeat tell nothing twice", async () => {
    const relay = createLocalRelay();
    await using two = await twoIsolates({ relay });
    two.here.arrive(watcher(ann));
    await two.settled();
    for (let i = 0; i < 3; i++) {
      await relay.publish(shardOf(ann.userId), [{
        id: "again",
        origin: two.here.isolateId,
        audience: "presence",
        scopeId: ann.userId,
      }]);
      await two.settled();
    }
    assert.deepEqual(states(two.tablet), [true]);
  });

  await t.step("what is no ring is not heard", async () => {
    const relay = createLocalRelay();
    await using two = await twoIsolates({});
    await using third = testPresence(db, { relay });
    const tablet = watcher(ann);
    await third.watch(tablet, [ann.userId]);
    two.here.arrive(watcher(ann));
    await two.settled();
    const common = {
      origin: "elsewhere",
      audience: "account",
      scopeId: ann.userId,
      rev: 1,
    } as const;
    const chatId = crypto.randomUUID() as ChatId;
    const { userId } = ann;
    third.receive([{
      ...common,
      id: "1",
      event: { type: "typing", chatId, userId, active: true },
    }]);
    await third.settled();
    assert.deepEqual(states(tablet), []);
    // It may be that she is out of a chat.
    third.receive([{ ...common, id: "2" }]);
    await third.settled();
    assert.deepEqual(states(tablet), [true]);
  });

  await t.step("only the shards of the watched are listened to", async () => {
    await using presence = testPresence(db);
    const [phone, tablet] = [watcher(ann), watcher(ann)];
    const people = Array.from({ length: 200 }, () => newUser().userId);
    const shards = (userIds: string[]) => new Set(userIds.map(shardOf)).size;
    assert.equal(presence.shards, 0);
    await presence.watch(phone, people.slice(0, 5));
    assert.equal(presence.shards, shards(people.slice(0, 5)));
    await presence.watch(tablet, people);
    assert.equal(presence.shards, shards(people));
    presence.depart(tablet);
    assert.equal(presence.shards, shards(people.slice(0, 5)));
    await presence.watch(phone, people.slice(3, 6));
    assert.equal(presence.shards, shards(people.slice(3, 6)));
    presence.depart(phone);
    assert.equal(presence.shards, 0);
  });
});
