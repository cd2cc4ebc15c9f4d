import assert from "node:assert/strict";
import type { Database } from "../../src/db/database.ts";
import { Problem } from "../../src/protocol/problem.ts";
import { testApp } from "../support/app.ts";
import { directChat, newPerson } from "../support/peer.ts";
import { forgetEveryone, testPresence, watcher } from "./watchers.ts";

/** The database as it is, but for the times when it takes no writes, or answers no looks. */
function fragile(db: Database) {
  const away = { writes: false, looks: false };
  const unavailable = () => Promise.reject(new Problem("unavailable"));
  const weak: Database = {
    ...db,
    run: (...statements) => away.writes ? unavailable() : db.run(...statements),
    transaction: (work) => away.looks ? unavailable() : db.transaction(work),
  };
  return { weak, away };
}

Deno.test("presence while the database is away", async (t) => {
  await using service = await testApp();
  const { database: db } = service.db;
  const ann = await newPerson(service.url, "a");
  const bob = await newPerson(service.url, "b");
  await directChat(ann, bob);

  await t.step(
    "what could not be written is written at the next renewal",
    async () => {
      await forgetEveryone(db);
      const { weak, away } = fragile(db);
      await using presence = testPresence(weak, { graceMs: 0 });
      const anns = watcher(ann);
      await presence.watch(anns, [bob.userId]);
      presence.arrive(anns);
      await presence.settled();
      away.writes = true;
      const phone = watcher(bob);
      presence.arrive(phone);
      await presence.settled();
      presence.depart(phone);
      presence.arrive(phone);
      await presence.settled();
      assert.equal(presence.failures.length, 1, "it does not insist");
      await assert.rejects(presence.renew(), { code: "unavailable" });
      away.writes = false;
      await presence.renew();
      await presence.settled();
      assert.deepEqual(anns.heard.map(({ online }) => online), [true]);

      away.writes = true;
      const gone = presence.nextWork();
      presence.depart(phone);
      await gone;
      away.writes = false;
      await presence.renew();
      await presence.settled();
      assert.deepEqual(anns.heard.map(({ online }) => online), [true, false]);
      assert.equal(presence.failures.length, 2);
    },
  );

  await t.step("whom a failed look was about is looked at again", async () => {
    await forgetEveryone(db);
    const { weak, away } = fragile(db);
    await using presence = testPresence(weak);
    const anns = watcher(ann);
    await presence.watch(anns, [bob.userId]);
    away.looks = true;
    presence.arrive(watcher(bob));
    await presence.settled();
    assert.deepEqual([anns.heard.length, presence.failures.length], [0, 1]);
    away.looks = false;
    await presence.renew();
    await presence.settled();
    assert.deepEqual(anns.heard.map(({ online }) => online), [true]);
  });

  await t.step("a watch that fails watches nobody", async () => {
    await forgetEveryone(db);
    const { weak, away } = fragile(db);
    await using presence = testPresence(weak);
    const anns = watcher(ann);
    await presence.watch(anns, [ann.userId]);
    away.looks = true;
    await assert.rejects(presence.watch(anns, [bob.userId]), {
      code: "unavailable",
    });
    assert.equal(presence.shards, 0);
    away.looks = false;
    presence.arrive(watcher(ann));
    presence.arrive(watcher(bob));
    await presence.settled();
    assert.deepEqual(anns.heard, []);
  });

  await t.step("a stop does not wait for it", async () => {
    await forgetEveryone(db);
    const gate = Promise.withResolvers<void>();
    const isStuck = { now: false };
    const stuck: Database = {
      ...db,
      async run(...statements) {
        if (isStuck.now) await gate.promise;
        return await db.run(...statements);
      },
    };
    const presence = testPresence(stuck, { leaveMs: 1 });
    presence.arrive(watcher(bob));
    await presence.settled();
    isStuck.now = true;
    await presence.leave();
    gate.resolve();
    await presence[Symbol.asyncDispose]();
    assert.deepEqual(presence.failures, []);
  });
});
