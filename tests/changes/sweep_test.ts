import assert from "node:assert/strict";
import {
  startSweep,
  type SweepSource,
  type SweptHead,
} from "../../src/changes/mod.ts";
import type { Database } from "../../src/db/database.ts";
import { sql } from "../../src/db/sql.ts";
import { testDatabase, testServer } from "../support/database.ts";
import { newScope } from "./notes.ts";

/** Longer than any test: these sweep when they are told to. */
const never = 1_000_000_000;

const change = (scope: string, rev: number) =>
  sql`insert into heads (scope_id, rev) values (${scope}::uuid, ${rev})
    on conflict (scope_id) do update set rev = excluded.rev,
      changed_xid = pg_current_xact_id()`;

/** A sweep that the test starts by hand, and what it has found since the test last looked. */
async function handSweep(
  db: Database,
  { sources = [] }: { sources?: readonly SweepSource<unknown>[] } = {},
) {
  let found: SweptHead[] = [];
  const failures: unknown[] = [];
  const sweep = await startSweep({
    db,
    intervalMs: never,
    onHeads: (heads) => found.push(...heads),
    sources,
    onFailure: (error) => failures.push(error),
  });
  return {
    sweep,
    failures,
    /** Sweeps, and answers how far each scope has come by what was found. */
    async find(): Promise<Map<string, number>> {
      await sweep.once();
      const revs = new Map(found.map(({ scopeId, rev }) => [scopeId, rev]));
      found = [];
      return revs;
    },
    [Symbol.asyncDispose]: () => sweep[Symbol.asyncDispose](),
  };
}

/** The database as it is, but for the times when asking it fails. */
function fragile(db: Database) {
  const broken = { now: false };
  const fragileDb: Database = {
    ...db,
    snapshot: (...statements) =>
      broken.now
        ? Promise.reject(new Error("Away"))
        : db.snapshot(...statements),
  };
  return { db: fragileDb, broken };
}

Deno.test("sweep", async (t) => {
  await using test = await testDatabase();
  const { database: db } = test;
  const scope = newScope();

  await t.step("finds every change since the sweep before", async () => {
    const [one, other] = [newScope(), newScope()];
    await using sweeping = await handSweep(db);
    await db.run(change(one, 4));
    assert.equal((await sweeping.find()).get(one), 4);
    await db.run(change(one, 5), change(other, 1));
    const found = await sweeping.find();
    assert.deepEqual([found.get(one), found.get(other)], [5, 1]);
  });

  await t.step("goes on from where the sweep before has been", async () => {
    await using sweeping = await handSweep(db);
    await db.run(change(scope, 1));
    const isOver = async () => {
      const [[row]] = await db.run(
        sql<{ over: boolean }>`select
          changed_xid < pg_snapshot_xmin(pg_current_snapshot()) as over
          from heads where scope_id = ${scope}::uuid`,
      );
      return row!.over;
    };
    // Transactions of others that began before it may be open.
    while (!await isOver()) await sweeping.find();
    await sweeping.find();
    assert.equal((await sweeping.find()).get(scope), undefined);
  });

  await t.step(
    "knows where the database stands as soon as it has started",
    async () => {
      const { db: weak, broken } = fragile(db);
      broken.now = true;
      await assert.rejects(handSweep(weak), /Away/);
    },
  );

  await t.step("leaves nothing out when it fails", async () => {
    const { db: weak, broken } = fragile(db);
    await using sweeping = await handSweep(weak);
    await db.run(change(scope, 2));
    broken.now = true;
    assert.equal((await sweeping.find()).size, 0);
    assert.equal(sweeping.failures.length, 1);
    broken.now = false;
    assert.equal((await sweeping.find()).get(scope), 2);
    assert.equal(sweeping.failures.length, 1);
  });

  await t.step(
    "finds what else it is to look for, with the heads",
    async () => {
      await db.run(sql`create table receipts_of_tests (name text primary key,
      changed_xid xid8 not null default pg_current_xact_id())`);
      const receive = (name: string) =>
        sql`insert into receipts_of_tests (name) values (${name})`;
      const found: string[] = [];
      const receipts: SweepSource<{ name: string }> = {
        statement: (from) =>
          sql`select name from receipts_of_tests where changed_xid >= ${from}::xid8`,
        on(rows) {
          assert.ok(rows.length > 0);
          found.push(...rows.map(({ name }) => name));
        },
      };
      const nothing: SweepSource<never> = {
        statement: () => sql`select 1 where false`,
        on: () => assert.fail("It found nothing"),
      };
      const unwanted: SweepSource<never> = {
        statement: () => null,
        on: () => assert.fail("It did not ask"),
      };
      await using sweeping = await handSweep(db, {
        sources: [unwanted, nothing, receipts],
      });
      const other = newScope();
      await db.run(receive("first"), change(other, 1));
      const heads = await sweeping.find();
      assert.deepEqual([heads.get(other), found], [1, ["first"]]);

      assert.deepEqual(sweeping.failures, []);
    },
  );

  await t.step(
    "comes again to whoever could not take what it found",
    async () => {
      let failing = true;
      const found: string[] = [];
      const picky: SweepSource<{ scopeId: string }> = {
        statement: (from) =>
          sql`select scope_id from heads where changed_xid >= ${from}::xid8`,
        on(rows) {
          if (failing) throw new Error("Not now");
          found.push(...rows.map(({ scopeId }) => scopeId));
        },
      };
      await using sweeping = await handSweep(db, { sources: [picky] });
      const other = newScope();
      await db.run(change(other, 1));
      await sweeping.find();
      assert.equal(sweeping.failures.length, 1);
      failing = false;
      await sweeping.find();
      assert.ok(found.includes(other));
    },
  );

  await t.step("runs one at a time", async () => {
    let asked = 0;
    const gate = Promise.withResolvers<void>();
    const slow: Database = {
      ...db,
      async snapshot(...statements) {
        if (++asked > 1) await gate.promise;
        return await db.snapshot(...statements);
      },
    };
    await using sweeping = await handSweep(slow);
    const before = asked;
    const both = [sweeping.sweep.once(), sweeping.sweep.once()];
    gate.resolve();
    await Promise.all(both);
    assert.equal(asked, before + 1);
  });

  await t.step("comes by itself at each interval", async () => {
    const found = Promise.withResolvers<number>();
    await using _sweep = await startSweep({
      db,
      intervalMs: 1,
      onHeads: (heads) =>
        heads.forEach(({ scopeId, rev }) => {
          if (scopeId === scope) found.resolve(rev);
        }),
      onFailure: found.reject,
    });
    await db.run(change(scope, 3));
    assert.equal(await found.promise, 3);
  });

  await t.step("goes away once the one under way is over", async () => {
    const gate = Promise.withResolvers<void>();
    let isOver = false;
    const slow: Database = {
      ...db,
      async snapshot(...statements) {
        const rows = await db.snapshot(...statements);
        await gate.promise;
        isOver = true;
        return rows;
      },
    };
    const starting = startSweep({
      db: slow,
      intervalMs: never,
      onHeads: () => {},
      onFailure: () => {},
    });
    gate.resolve();
    const sweep = await starting;
    void sweep.once();
    isOver = false;
    await sweep[Symbol.asyncDispose]();
    assert.equal(isOver, true);
  });
});

Deno.test("sweep: finds a transaction that was open across it", {
  // The embedded database runs one transaction at a time.
  ignore: testServer === null,
}, async () => {
  await using test = await testDatabase();
  const { database: db } = test;
  const [early, late, later] = [newScope(), newScope(), newScope()];
  await db.run(change(late, 1), change(later, 1));
  await using sweeping = await handSweep(db);

  // Both have changed their row, and so have their place in the order, before the sweeps.
  const one = await openTransaction(db, late);
  const other = await openTransaction(db, later);
  await db.run(change(early, 1));
  const first = await sweeping.find();
  assert.equal(first.get(early), 1);
  assert.ok(first.get(late) !== 2 && first.get(later) !== 2);

  await other.commit();
  assert.equal((await sweeping.find()).get(later), 2);
  for (let i = 0; i < 3; i++) {
    await db.run(change(newScope(), 1));
    assert.notEqual((await sweeping.find()).get(late), 2);
  }
  await one.commit();
  assert.equal((await sweeping.find()).get(late), 2);
});

/** A transaction that has changed the scope and waits with its COMMIT for the test. */
async function openTransaction(db: Database, scope: string) {
  const changed = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const over = db.transaction(async (tx) => {
    await tx.run(change(scope, 2));
    changed.resolve();
    await gate.promise;
  });
  await Promise.race([changed.promise, over]);
  return {
    commit() {
      gate.resolve();
      return over;
    },
  };
}
