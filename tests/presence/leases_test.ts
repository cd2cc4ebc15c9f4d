import assert from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { createLocalRelay } from "../../src/relay/local.ts";
import type { Relay } from "../../src/relay/relay.ts";
import { testDatabase } from "../support/database.ts";
import {
  age,
  ageLease,
  databaseNow,
  forgetEveryone,
  grow,
  newUser,
  type TestPresence,
  testPresence,
  type TestWatcher,
  watcher,
} from "./watchers.ts";

const leaseMs = 15_000;
const states = ({ heard }: TestWatcher) => heard.map(({ online }) => online);

Deno.test("presence and leases", async (t) => {
  await using test = await testDatabase();
  const { database: db } = test;
  const [ann, bob] = [newUser(), newUser()];

  /** Isolates that ring for each other, each with a tablet of ann's that looks whether she is online. */
  async function isolates(count: number, relay: Relay = createLocalRelay()) {
    await forgetEveryone(db);
    await using cleanup = new AsyncDisposableStack();
    const all: TestPresence[] = [];
    const tablets: TestWatcher[] = [];
    for (let i = 0; i < count; i++) {
      const presence = cleanup.use(testPresence(db, { relay, leaseMs }));
      const tablet = watcher(ann);
      await presence.watch(tablet, [ann.userId]);
      await presence.renew();
      all.push(presence);
      tablets.push(tablet);
    }
    const stack = cleanup.move();
    return {
      all,
      tablets,
      async settled() {
        for (const each of all) await each.settled();
      },
      async grown(...isolates: TestPresence[]) {
        for (const each of isolates) await grow(db, each);
      },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  }

  const isOnline = async (presence: TestPresence) =>
    (await presence.read(ann.userId, ann.userId)).online;
  const leases = async () => {
    const [rows] = await db.run(
      sql<{ isolateId: string }>`select isolate_id from isolates`,
    );
    return rows.map(({ isolateId }) => isolateId);
  };

  await t.step(
    "an isolate that is not heard of lets everyone go, and another one clears up",
    async () => {
      await using world = await isolates(2);
      const [dead, heir] = world.all as [TestPresence, TestPresence];
      await world.grown(heir);
      dead.arrive(watcher(ann));
      await world.settled();
      const before = await databaseNow(db);
      await dead.renew();
      const after = await databaseNow(db);

      await age(db, 3_600_000);
      await ageLease(db, dead, leaseMs + 1000);
      // By the time alone, before anybody has cleared up.
      const read = await heir.read(ann.userId, ann.userId);
      const seenAt = Date.parse(read.lastSeenAt!) + leaseMs + 1000;
      assert.ok(before <= seenAt && seenAt <= after);
      assert.deepEqual(states(world.tablets[1]!), [true]);

      await heir.renew();
      await world.settled();
      assert.deepEqual(world.tablets[1]!.heard.slice(1), [
        { type: "presence", ...read },
      ]);
      assert.deepEqual(await heir.read(ann.userId, ann.userId), read);
      assert.deepEqual(await leases(), [heir.isolateId]);
    },
  );

  await t.step("who is on a living one too stays online", async () => {
    await using world = await isolates(2);
    const [dead, heir] = world.all as [TestPresence, TestPresence];
    await world.grown(heir);
    dead.arrive(watcher(ann));
    dead.arrive(watcher(bob));
    heir.arrive(watcher(ann));
    await world.settled();
    heir.rings.length = 0;
    await ageLease(db, dead, leaseMs);
    await heir.renew();
    await world.settled();
    assert.deepEqual(heir.rings, [bob.userId]);
    assert.deepEqual(states(world.tablets[1]!), [true]);
  });

  await t.step("of two that clear up the same one, one tells", async () => {
    await using world = await isolates(4);
    const [dead, alsoDead, ...heirs] = world.all as [
      TestPresence,
      TestPresence,
      ...TestPresence[],
    ];
    await world.grown(...heirs);
    for (const each of [dead, alsoDead]) {
      each.arrive(watcher(ann));
      each.arrive(watcher(bob));
    }
    await world.settled();
    heirs.forEach(({ rings }) => rings.length = 0);
    await ageLease(db, dead, leaseMs);
    await ageLease(db, alsoDead, leaseMs);
    await Promise.all(heirs.map((heir) => heir.renew()));
    await world.settled();
    assert.deepEqual(
      heirs.flatMap(({ rings }) => rings).sort(),
      [ann.userId, bob.userId].sort(),
    );
    for (const tablet of world.tablets) {
      assert.deepEqual(states(tablet), [true, false]);
    }
  });

  await t.step("one that was taken for dead comes back", async () => {
    await using world = await isolates(2);
    const [paused, heir] = world.all as [TestPresence, TestPresence];
    await world.grown(heir);
    paused.arrive(watcher(ann));
    await world.settled();
    await ageLease(db, paused, leaseMs);
    await heir.renew();
    await world.settled();
    await paused.renew();
    await world.settled();
    for (const tablet of world.tablets) {
      assert.deepEqual(states(tablet), [true, false, true]);
    }
    assert.equal(await isOnline(heir), true);
  });

  await t.step("so does one that nobody has cleared away", async () => {
    await using world = await isolates(1);
    const [paused] = world.all as [TestPresence];
    paused.arrive(watcher(ann));
    await world.settled();
    await ageLease(db, paused, leaseMs);
    const late = watcher(ann);
    const [presence] = await paused.watch(late, [ann.userId]);
    assert.equal(presence!.online, false);
    await paused.renew();
    await world.settled();
    assert.deepEqual(states(late), [true]);
  });

  await t.step(
    "one that comes back with somebody new brings back the others",
    async () => {
      await using world = await isolates(2);
      const [paused, heir] = world.all as [TestPresence, TestPresence];
      await world.grown(heir);
      paused.arrive(watcher(ann));
      await world.settled();
      await ageLease(db, paused, leaseMs);
      await heir.renew();
      await world.settled();
      paused.arrive(watcher(bob));
      await world.settled();
      assert.deepEqual(states(world.tablets[1]!), [true, false, true]);
      const { online } = await heir.read(bob.userId, bob.userId);
      assert.equal(online, true);
    },
  );

  await t.step(
    "after an outage of the database nobody is taken for dead at once",
    async () => {
      await using world = await isolates(2);
      const [one, other] = world.all as [TestPresence, TestPresence];
      await world.grown(one, other);
      one.arrive(watcher(ann));
      other.arrive(watcher(bob));
      await world.settled();
      await ageLease(db, one, 2 * leaseMs);
      await ageLease(db, other, 2 * leaseMs);
      await one.renew();
      await one.renew();
      assert.equal((await leases()).length, 2);
      await other.renew();
      await world.settled();
      assert.deepEqual(states(world.tablets[0]!), [true]);
      assert.deepEqual(states(world.tablets[1]!), [true]);
      assert.equal((await one.read(bob.userId, bob.userId)).online, true);
    },
  );

  await t.step(
    "one that stops keeps everyone for the grace time, for others to take over",
    async () => {
      await using world = await isolates(2);
      const [stopping, heir] = world.all as [TestPresence, TestPresence];
      await world.grown(heir);
      stopping.arrive(watcher(ann));
      stopping.arrive(watcher(bob));
      await world.settled();
      await stopping.leave();
      heir.arrive(watcher(ann));
      await world.settled();
      assert.deepEqual(states(world.tablets[1]!), [true]);
      assert.equal((await heir.read(bob.userId, bob.userId)).online, true);
      // Its grace time is longer than any test.
      await db.run(
        sql`update isolates set expires_at = now() where isolate_id = ${stopping.isolateId}::uuid`,
      );
      heir.rings.length = 0;
      await heir.renew();
      await world.settled();
      assert.deepEqual(heir.rings, [bob.userId]);
      assert.equal((await heir.read(bob.userId, bob.userId)).online, false);
      assert.deepEqual(states(world.tablets[1]!), [true]);
      assert.deepEqual(await leases(), [heir.isolateId]);

      stopping.arrive(watcher(bob));
      await world.settled();
      assert.equal((await heir.read(bob.userId, bob.userId)).online, false);
    },
  );
});
