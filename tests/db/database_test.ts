import fc from "fast-check";
import assert from "node:assert/strict";
import {
  openDatabase,
  type Queries,
  sqlState,
  uniqueViolation,
} from "../../src/db/database.ts";
import { sql, type Statement } from "../../src/db/sql.ts";
import { Problem } from "../../src/protocol/problem.ts";
import { testDatabase } from "../support/database.ts";

/** A table of the test's own beside the service's. */
async function openWithTable(options?: Parameters<typeof testDatabase>[0]) {
  const test = await testDatabase(options);
  await test.database.run(
    sql`create table things (name text constraint things_name unique)`,
  );
  return test;
}

const names = async (queries: Queries) => {
  const [rows] = await queries.run(
    sql<{ name: string }>`select name from things order by name`,
  );
  return rows.map(({ name }) => name);
};

const unavailable = (error: unknown) =>
  error instanceof Problem && error.code === "unavailable";

Deno.test("the rows of each statement are its own, whatever stands beside it", async () => {
  await using test = await openWithTable();
  let made = 0;
  /** A kind of statement, and the rows it is to answer with. */
  const kinds: (() => [Statement<unknown>, object[]])[] = [
    () => [sql`select 1 as some_number union all select 2`, [
      { someNumber: 1 },
      { someNumber: 2 },
    ]],
    () => [sql`select 1 as none where false`, []],
    () => [sql`insert into things values (${`silent ${made++}`})`, []],
    () => [
      sql`insert into things values (${`loud ${++made}`}) returning name`,
      [{ name: `loud ${made}` }],
    ],
    () => [sql`update things set name = name where false`, []],
    () => [sql`set local work_mem = '4MB'`, []],
  ];
  const script = fc.array(fc.nat(kinds.length - 1), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(script, script, async (first, second) => {
      const pick = (numbers: number[]) => {
        const picked = numbers.map((number) => kinds[number]!());
        return {
          statements: picked.map(([statement]) => statement),
          rows: picked.map(([, rows]) => rows),
        };
      };
      const alone = pick(first);
      assert.deepEqual(
        await test.database.run(...alone.statements),
        alone.rows,
      );
      await test.database.transaction(async (tx) => {
        const opening = pick(first);
        const closing = pick(second);
        assert.deepEqual(await tx.run(...opening.statements), opening.rows);
        assert.deepEqual(await tx.commit(...closing.statements), closing.rows);
      });
      const reads = first.map((n) => n % 2);
      const seen = pick(reads);
      assert.deepEqual(
        await test.database.snapshot(...seen.statements),
        seen.rows,
      );
    }),
    { numRuns: 60 },
  );
});

Deno.test("values come back as what the interface says", async () => {
  await using test = await testDatabase();
  const [[row]] = await test.database.run(
    sql`select 9007199254740991::bigint as big_number, true as yes, null as nothing,
      '2026-01-02T03:04:05.678Z'::timestamptz as at, '\\x00ff'::bytea as bytes,
      '{"a": [1]}'::jsonb as document, 'a'::text as text`,
  );
  assert.deepEqual(row as unknown, {
    bigNumber: 9007199254740991,
    yes: true,
    nothing: null,
    at: new Date("2026-01-02T03:04:05.678Z"),
    bytes: Buffer.from([0, 255]),
    document: { a: [1] },
    text: "a",
  });
});

Deno.test("run() is all or nothing", async () => {
  await using test = await openWithTable();
  const failing = test.database.run(
    sql`insert into things values ('a')`,
    sql`select 1 / 0`,
  );
  await assert.rejects(failing, (error) => sqlState(error) === "22012");
  assert.deepEqual(await names(test.database), []);
});

Deno.test("a violated constraint keeps its name", async () => {
  await using test = await openWithTable();
  const insert = sql`insert into things values ('a')`;
  await test.database.run(insert);
  await assert.rejects(
    test.database.run(insert),
    (error) => uniqueViolation(error) === "things_name",
  );
});

Deno.test("transaction() commits what it ran, with or without commit()", async () => {
  await using test = await openWithTable();
  await test.database.transaction(async (tx) => {
    await tx.run(sql`insert into things values ('a')`);
    await tx.commit(sql`insert into things values ('b')`);
  });
  await test.database.transaction(async (tx) => {
    await tx.run(sql`insert into things values ('c')`);
  });
  await test.database.transaction(async (tx) => {
    await tx.commit(sql`insert into things values ('d')`);
  });
  await test.database.transaction(() => Promise.resolve());
  assert.deepEqual(await names(test.database), ["a", "b", "c", "d"]);
});

Deno.test("transaction() undoes everything when its work throws", async () => {
  await using test = await openWithTable();
  const work = test.database.transaction(async (tx) => {
    await tx.run(sql`insert into things values ('a')`);
    throw new RangeError("changed my mind");
  });
  await assert.rejects(work, RangeError);
  assert.deepEqual(await names(test.database), []);
});

Deno.test("transaction() never passes a rollback off as a commit", async () => {
  await using test = await openWithTable();
  const swallowing = test.database.transaction(async (tx) => {
    await tx.run(sql`insert into things values ('a')`);
    await tx.run(sql`select 1 / 0`).catch(() => {});
  });
  await assert.rejects(swallowing, (error) => sqlState(error) === "22012");
  assert.deepEqual(await names(test.database), []);
});

Deno.test("a transaction cannot be used after its end", async () => {
  await using test = await openWithTable();
  const escaped = await test.database.transaction((tx) => Promise.resolve(tx));
  await assert.rejects(escaped.run(sql`select 1`), /already closed/);
  await test.database.transaction(async (tx) => {
    await tx.commit();
    await assert.rejects(tx.run(sql`select 1`), /already closed/);
  });
});

Deno.test("snapshot() writes nothing", async () => {
  await using test = await openWithTable();
  const writing = test.database.snapshot(sql`insert into things values ('a')`);
  await assert.rejects(writing);
  assert.deepEqual(await names(test.database), []);
});

Deno.test("200 failures of every kind leave all connections free", async () => {
  await using test = await openWithTable({ connections: 4 });
  const { database } = test;
  const bad = sql`select 1 / 0`;
  const failures = Array.from({ length: 50 }, () => [
    database.run(bad),
    database.snapshot(bad),
    database.transaction((tx) => tx.run(bad)),
    database.transaction(async (tx) => {
      await tx.run(sql`insert into things values ('a')`);
      throw new Error("no");
    }),
  ]).flat();
  const settled = await Promise.allSettled(failures);
  assert.deepEqual(
    new Set(settled.map(({ status }) => status)),
    new Set(["rejected"]),
  );

  const four = Promise.withResolvers<void>();
  let holding = 0;
  const hold = () =>
    database.transaction(() => {
      if (++holding === 4) four.resolve();
      return four.promise;
    });
  await Promise.all([hold(), hold(), hold(), hold()]);
  assert.deepEqual(await names(database), []);
});

Deno.test("a call for which no connection becomes free is refused in time", async () => {
  await using test = await testDatabase();
  await using database = openDatabase({
    url: test.url,
    connections: 1,
    queryMs: 300,
  });
  const release = Promise.withResolvers<void>();
  const holding = database.transaction(() => release.promise);
  await assert.rejects(database.run(sql`select 1`), unavailable);
  release.resolve();
  await holding;
  assert.deepEqual(await database.run(sql`select 1 as one`), [[{ one: 1 }]]);
});

Deno.test("who waits for a connection when the database is closed is told so", async () => {
  await using test = await testDatabase();
  const database = openDatabase({
    url: test.url,
    connections: 1,
    queryMs: 60_000,
  });
  const release = Promise.withResolvers<void>();
  const holding = database.transaction(() => release.promise);
  const waiting = assert.rejects(database.run(sql`select 1`), unavailable);
  await database[Symbol.asyncDispose]();
  await waiting;
  release.resolve();
  await holding;
  await assert.rejects(database.run(sql`select 1`), unavailable);
});
