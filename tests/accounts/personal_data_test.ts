import assert from "node:assert/strict";
import { type Database } from "../../src/db/database.ts";
import { sql, Statement } from "../../src/db/sql.ts";
import { AccountExport } from "../../src/protocol/export.ts";
import { accepted } from "../support/answers.ts";
import { anotherIsolate, type TestApp, testApp } from "../support/app.ts";
import { fits } from "../support/fits.ts";
import { password } from "../support/peer.ts";
import { decisions, type Personal } from "./personal_data.ts";
import { type WholeLife, wholeLife } from "./whole_life.ts";

/** Types that hold neither an id nor words. */
const plainTypes = [
  ...["integer", "bigint", "smallint", "boolean", "double precision", "xid8"],
  ...["timestamp with time zone", "timestamp without time zone", "interval"],
];

const personal = Object.entries(decisions).filter(
  (entry): entry is [string, Personal] => "exported" in entry[1],
);

/** The columns of every table that can hold an id or words, as they are in the database. */
async function columnsOf(db: Database): Promise<Record<string, string[]>> {
  const [rows] = await db.run(
    sql<{ table: string; columns: string[] }>`select c.table_name as table,
        coalesce(json_agg(c.column_name::text order by c.ordinal_position)
          filter (where data_type <> all(${plainTypes}::text[])), '[]') as columns
      from information_schema.columns c
      join information_schema.tables t using (table_schema, table_name)
      where table_schema = 'public' and table_type = 'BASE TABLE'
      group by c.table_name order by 1`,
  );
  return Object.fromEntries(rows.map(({ table, columns }) => [table, columns]));
}

/** The columns in which anything of the person stands, as `table.column`. */
async function tracesOf(
  db: Database,
  { ids, words }: WholeLife,
): Promise<string[]> {
  const marks = [...ids, ...words].map((mark) => `%${mark}%`);
  const places = Object.entries(await columnsOf(db)).flatMap((
    [table, columns],
  ) => columns.map((column) => ({ table, column })));
  const found = await db.run(
    ...places.map(({ table, column }) =>
      sql<{ found: boolean }>`select exists (
        select from ${new Statement(`"${table}"`)}
        where ${new Statement(`"${column}"`)}::text ilike any(${marks}::text[])
      ) as found`
    ),
  );
  return places.filter((_, i) => found[i]![0]!.found)
    .map(({ table, column }) => `${table}.${column}`);
}

const tableOf = (place: string) => place.split(".")[0]!;

async function until(db: Database, isSo: Statement<{ is: boolean }>) {
  for (let left = 2000; left > 0; left--) {
    if ((await db.run(isSo))[0][0]!.is) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`It never came: ${isSo.text}`);
}

/** Resolves once nothing is left to be erased. */
async function erased(service: TestApp): Promise<void> {
  const db = service.db.database;
  const isDone = async () =>
    (await db.run(
      sql`select 1 from users where erase_after is not null`,
    ))[0].length === 0;
  while (!await isDone()) {
    // The isolate that deleted the account may still be at it, and take the lease back.
    await db.run(
      sql`update users set erase_after = now() where erase_after is not null`,
    );
    // Looks for what is undone as soon as it starts.
    await using _isolate = await anotherIsolate(service);
    for (let looks = 50; looks > 0 && !await isDone(); looks--) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

Deno.test("of every column that can hold an id or words somebody has decided what becomes of it", async () => {
  await using service = await testApp();
  const found = await columnsOf(service.db.database);
  const decided = Object.fromEntries(
    Object.entries(decisions).map(([table, { columns }]) => [table, columns]),
  );
  for (const columns of [...Object.values(found), ...Object.values(decided)]) {
    (columns as string[]).sort();
  }
  assert.deepEqual(found, decided);
});

Deno.test("of somebody who did everything, an export has all, and a deletion leaves nothing but what may stay", async (t) => {
  await using service = await testApp();
  const db = service.db.database;
  const life = await wholeLife(service);
  const { person } = life;
  await using line = await person.connect();
  await until(
    db,
    sql<{ is: boolean }>`select exists (
      select from connections where user_id = ${person.userId}::uuid) as is`,
  );

  await t.step("the life leaves traces wherever there can be any", async () => {
    const traces = new Set((await tracesOf(db, life)).map(tableOf));
    assert.deepEqual(
      [...traces].sort(),
      personal.map(([table]) => table).sort(),
    );
  });

  await t.step("the export shows all of them", async () => {
    const document = fits(
      AccountExport,
      accepted(await person.call<AccountExport>("GET", "/me/export")),
    );
    const isEmpty = (value: unknown) =>
      value === null || (Array.isArray(value) && value.length === 0);
    for (const [table, { exported }] of personal) {
      if (typeof exported === "string") continue;
      for (const section of exported) {
        assert.ok(!isEmpty(document[section]), `${section} of ${table}`);
      }
    }
    const shown = new Set(
      personal.flatMap(([, { exported }]) =>
        typeof exported === "string" ? [] : exported
      ),
    );
    assert.deepEqual(
      Object.keys(document).filter((name) => name !== "exportedAt").sort(),
      [...shown].sort(),
    );
    const text = JSON.stringify(document);
    for (const word of life.words) assert.ok(text.includes(word), word);
  });

  await t.step("the deletion leaves what may stay", async () => {
    assert.equal(
      (await person.call("DELETE", "/me", { password })).status,
      204,
    );
    assert.equal((await line.closed).code, 4401);
    await erased(service);
    const may = personal.flatMap(([table, { stays = {} }]) =>
      Object.keys(stays).map((column) => `${table}.${column}`)
    );
    assert.deepEqual((await tracesOf(db, life)).sort(), may.sort());
  });

  await t.step(
    "and what stays says nothing but names that are held",
    async () => {
      const words = await tracesOf(db, { ...life, ids: [] });
      assert.deepEqual(words, ["held_usernames.username"]);
    },
  );
  assert.deepEqual(service.complaints, []);
});
