import assert from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { Presence } from "../../src/protocol/accounts.ts";
import { Event } from "../../src/protocol/events.ts";
import { limits } from "../../src/protocol/limits.ts";
import { accepted, refused } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import { fits } from "../support/fits.ts";
import {
  directChat,
  groupOf,
  newPerson,
  type Person,
} from "../support/peer.ts";
import {
  age,
  databaseNow,
  forgetEveryone,
  testPresence,
  type TestPresenceOptions,
  watcher,
} from "./watchers.ts";

Deno.test("presence", async (t) => {
  await using service = await testApp();
  const { database: db } = service.db;
  const [ann, bob, cleo] = await Promise.all(
    ["a", "b", "c"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person, Person];
  await directChat(ann, bob);
  const online = { userId: bob.userId, online: true, lastSeenAt: null };
  /** An isolate, as if nobody had ever been here or on another one. */
  const fresh = async (options?: TestPresenceOptions) => {
    await forgetEveryone(db);
    return testPresence(db, options);
  };

  await t.step(
    "the first connection is told, further ones are not",
    async () => {
      await using presence = await fresh();
      const anns = watcher(ann);
      assert.deepEqual(await presence.watch(anns, [bob.userId]), [
        { userId: bob.userId, online: false, lastSeenAt: null },
      ]);
      presence.arrive(watcher(bob));
      presence.arrive(watcher(bob));
      await presence.settled();
      assert.deepEqual(anns.heard, [{ type: "presence", ...online }]);
      assert.deepEqual(await presence.read(ann.userId, bob.userId), online);
      assert.deepEqual(await presence.watch(anns, [bob.userId]), [online]);
    },
  );

  await t.step(
    "offline once the last one has been gone for the grace time",
    async () => {
      await using presence = await fresh({ graceMs: 0 });
      const anns = watcher(ann);
      await presence.watch(anns, [bob.userId]);
      const [phone, laptop] = [watcher(bob), watcher(bob)];
      presence.arrive(phone);
      presence.arrive(laptop);
      await presence.settled();
      presence.depart(phone);
      assert.deepEqual(await presence.read(ann.userId, bob.userId), online);

      // So that it is not the coming that is read below.
      await age(db, 3_600_000);
      const before = await databaseNow(db);
      const told = presence.nextWork();
      presence.depart(laptop);
      presence.clock.ms += 60_000;
      await told;
      const after = await databaseNow(db);
      const [, event] = anns.heard;
      assert.equal(anns.heard.length, 2);
      const { type: _, ...offline } = event!;
      assert.equal(offline.online, false);
      const seenAt = Date.parse(offline.lastSeenAt!);
      assert.ok(before - 60_000 <= seenAt && seenAt <= after - 60_000);
      assert.deepEqual(
        await presence.read(ann.userId, bob.userId),
        offline,
      );
    },
  );

  await t.step("who comes back within it was never away", async () => {
    await using presence = await fresh();
    const anns = watcher(ann);
    await presence.watch(anns, [bob.userId]);
    for (let i = 0; i < 3; i++) {
      const phone = watcher(bob);
      presence.arrive(phone);
      presence.depart(phone);
    }
    presence.arrive(watcher(bob));
    await presence.settled();
    assert.deepEqual(anns.heard, [{ type: "presence", ...online }]);
  });

  await t.step(
    "away on every device is gone, active on one is here",
    async () => {
      await using presence = await fresh({ graceMs: 0 });
      const anns = watcher(ann);
      await presence.watch(anns, [bob.userId]);
      const [phone, laptop] = [watcher(bob), watcher(bob)];
      presence.arrive(phone);
      presence.arrive(laptop);
      presence.setActive(phone, false);
      presence.setActive(phone, false);
      await presence.settled();
      assert.deepEqual(anns.heard.map((event) => event.online), [true]);
      const gone = presence.nextWork();
      presence.setActive(laptop, false);
      await gone;
      const back = presence.nextWork();
      presence.setActive(phone, true);
      await back;
      assert.deepEqual(anns.heard.map((event) => event.online), [
        true,
        false,
        true,
      ]);
    },
  );

  await t.step(
    "a stranger looks offline, is not told of, and not read",
    async () => {
      await using presence = await fresh();
      const anns = watcher(ann);
      await presence.watch(anns, [cleo.userId]);
      presence.arrive(watcher(cleo));
      await presence.settled();
      assert.deepEqual(anns.heard, []);
      const nobody = crypto.randomUUID() as typeof cleo.userId;
      assert.deepEqual(await presence.watch(anns, [cleo.userId, nobody]), [
        { userId: cleo.userId, online: false, lastSeenAt: null },
        { userId: nobody, online: false, lastSeenAt: null },
      ]);
      for (const userId of [cleo.userId, nobody]) {
        await assert.rejects(presence.read(ann.userId, userId), {
          code: "not_found",
        });
      }
    },
  );

  await t.step("is for those who share a chat now", async () => {
    const chatId = await groupOf(ann, cleo);
    await using presence = await fresh({ graceMs: 0 });
    const anns = watcher(ann);
    await presence.watch(anns, [cleo.userId]);
    const phone = watcher(cleo);
    presence.arrive(phone);
    await presence.settled();
    assert.deepEqual(anns.heard.map((event) => event.online), [true]);

    accepted(await cleo.call("DELETE", `/chats/${chatId}/members/me`));
    const gone = presence.nextWork();
    presence.depart(phone);
    await gone;
    assert.deepEqual(
      anns.heard.map(({ online, lastSeenAt }) => [online, lastSeenAt]).slice(1),
      [[false, null]],
      "ann no longer shares a chat with cleo",
    );
    await assert.rejects(presence.read(ann.userId, cleo.userId), {
      code: "not_found",
    });

    accepted(
      await ann.call("POST", `/chats/${chatId}/members`, {
        userIds: [cleo.userId],
      }),
    );
    presence.arrive(watcher(cleo));
    await presence.settled();
    assert.deepEqual(
      anns.heard.map((event) => event.online),
      [true, false, true],
    );
    accepted(await ann.call("DELETE", `/chats/${chatId}`));
    await assert.rejects(presence.read(ann.userId, cleo.userId), {
      code: "not_found",
    });
  });

  await t.step("oneself is always visible to oneself", async () => {
    const dan = await newPerson(service.url);
    await using presence = await fresh();
    presence.arrive(watcher(dan));
    const { online } = await presence.read(dan.userId, dan.userId);
    assert.equal(online, true);
    await presence.settled();
  });

  await t.step("a watch takes the place of the one before", async () => {
    const group = await groupOf(ann, cleo);
    await using presence = await fresh();
    const anns = watcher(ann);
    const watched = await presence.watch(anns, [
      bob.userId,
      cleo.userId,
      bob.userId,
    ]);
    assert.deepEqual(watched.map(({ userId }) => userId), [
      bob.userId,
      cleo.userId,
    ]);
    await presence.watch(anns, [cleo.userId]);
    presence.arrive(watcher(bob));
    presence.arrive(watcher(cleo));
    await presence.settled();
    assert.deepEqual(anns.heard.map(({ userId }) => userId), [cleo.userId]);
    assert.deepEqual(await presence.watch(anns, []), []);
    accepted(await ann.call("DELETE", `/chats/${group}`));
  });

  await t.step("who has gone hears nothing more", async () => {
    await using presence = await fresh();
    const [here, gone] = [watcher(ann), watcher(ann)];
    await presence.watch(here, [bob.userId]);
    await presence.watch(gone, [bob.userId]);
    presence.depart(gone);
    presence.arrive(watcher(bob));
    await presence.settled();
    assert.deepEqual([here.heard.length, gone.heard.length], [1, 0]);
  });

  await t.step("last-seen never goes back", async () => {
    await using presence = await fresh({ graceMs: 0 });
    presence.arrive(watcher(ann));
    const phone = watcher(bob);
    presence.arrive(phone);
    await presence.settled();
    const ahead = new Date("2100-01-01");
    await db.run(sql`update last_seen set seen_at = ${ahead}`);
    const gone = presence.nextWork();
    presence.depart(phone);
    await gone;
    const { lastSeenAt } = await presence.read(ann.userId, bob.userId);
    assert.equal(lastSeenAt, ahead.toISOString());
  });

  await t.step("a stop writes when everyone was last here", async () => {
    let [before, after] = [0, 0];
    {
      await using presence = await fresh();
      const phone = watcher(bob);
      presence.arrive(phone);
      presence.arrive(watcher(ann));
      await presence.settled();
      await age(db, 3_600_000);
      presence.depart(phone);
      presence.clock.ms += 60_000;
      before = await databaseNow(db);
      await presence.leave();
      after = await databaseNow(db);
    }
    const [rows] = await db.run(
      sql<
        { userId: string; seenAt: Date }
      >`select user_id, seen_at from last_seen`,
    );
    const seenAt = new Map(
      rows.map(({ userId, seenAt }) => [userId, seenAt.getTime()]),
    );
    assert.equal(rows.length, 2);
    const anns = seenAt.get(ann.userId)!;
    const bobs = seenAt.get(bob.userId)!;
    assert.ok(before <= anns && anns <= after);
    assert.equal(anns - bobs, 60_000);
  });

  await t.step("over the socket and HTTP it is the same", async () => {
    await forgetEveryone(db);
    await using anns = await ann.connect();
    const userIds = [bob.userId, cleo.userId];
    const reply = await anns.ask({ type: "watch", userIds });
    assert.ok(reply.ok);
    const { presence } = reply.data as { presence: unknown[] };
    assert.deepEqual(
      presence.map((each) => fits(Presence, each)),
      userIds.map((userId) => ({
        userId,
        online: false,
        lastSeenAt: null,
      })),
    );
    await using _bobs = await bob.connect();
    await using _cleos = await cleo.connect();
    assert.deepEqual(fits(Event, await anns.heard("presence")), {
      type: "presence",
      ...online,
    });
    const read = await ann.call<Presence>(
      "GET",
      `/users/${bob.userId}/last-seen`,
    );
    assert.deepEqual(fits(Presence, accepted(read)), online);
    refused(
      await ann.call("GET", `/users/${cleo.userId}/last-seen`),
      "not_found",
    );
    refused(await ann.call("GET", "/users/x/last-seen"), "invalid_input");
    assert.equal(anns.events.length, 1, "nothing of cleo");
  });

  await t.step(
    "as many may be watched as the limit says, and no more",
    async () => {
      await using line = await ann.connect();
      const userIds = Array.from(
        { length: limits.watchedUsers + 1 },
        () => crypto.randomUUID(),
      );
      const reply = await line.ask({
        type: "watch",
        userIds: userIds.slice(1),
      });
      assert.ok(reply.ok);
      assert.equal(
        (reply.data as { presence: unknown[] }).presence.length,
        limits.watchedUsers,
      );
      const refusal = await line.ask({ type: "watch", userIds });
      assert.ok(!refusal.ok && refusal.error.code === "invalid_input");
      assert.equal((await line.closed).code, 4400);
    },
  );
  assert.deepEqual(service.complaints, []);
});
