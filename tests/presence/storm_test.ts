import assert from "node:assert/strict";
import type { Database } from "../../src/db/database.ts";
import { sql } from "../../src/db/sql.ts";
import { testDatabase } from "../support/database.ts";
import { newUser, testPresence, watcher } from "./watchers.ts";

/** The database, and how many statements it was asked to run. */
function counted(db: Database) {
  const asked = { statements: 0 };
  const counting: Database = {
    ...db,
    run(...statements) {
      asked.statements += statements.length;
      return db.run(...statements);
    },
    transaction: () => Promise.reject(new Error("It was not to look")),
  };
  return { counting, asked };
}

Deno.test("presence in statements", async (t) => {
  await using test = await testDatabase();
  const { database: db } = test;
  const { counting, asked } = counted(db);
  const since = async (work: () => Promise<void>) => {
    const before = asked.statements;
    await work();
    return asked.statements - before;
  };
  const connected = async () => {
    const [[row]] = await db.run(
      sql<{ count: number }>`select count(*) from connections`,
    );
    return row!.count;
  };
  const crowd = Array.from({ length: 5000 }, newUser).map(watcher);
  await using presence = testPresence(counting, { graceMs: 0 });

  await t.step("an isolate without connections makes none", async () => {
    assert.equal(await since(() => presence.renew()), 0);
  });

  await t.step("5,000 who come at once cost tens of them", async () => {
    const cost = await since(() => {
      crowd.forEach(presence.arrive);
      return presence.settled();
    });
    assert.ok(cost < 50, `${cost} statements`);
    assert.equal(await connected(), 5000);
    assert.equal(presence.rings.length, 5000);
  });

  await t.step("a renewal is one, however many are here", async () => {
    assert.equal(await since(() => presence.renew()), 1);
  });

  await t.step("a second device costs none", async () => {
    const cost = await since(() => {
      crowd.forEach(({ userId }) => presence.arrive(watcher({ userId })));
      return presence.settled();
    });
    assert.equal(cost, 0);
  });

  await t.step("bringing 5,000 back costs tens of them", async () => {
    await db.run(sql`delete from connections`, sql`delete from isolates`);
    const cost = await since(async () => {
      await presence.renew();
      await presence.settled();
    });
    assert.ok(cost < 50, `${cost} statements`);
    assert.equal(await connected(), 5000);
  });

  await t.step("leaving them to others is two", async () => {
    assert.equal(await since(() => presence.leave()), 2);
  });
  assert.deepEqual(presence.failures, []);
});
