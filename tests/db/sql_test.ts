import fc from "fast-check";
import assert from "node:assert/strict";
import { literal, sql, type SqlValue, table } from "../../src/db/sql.ts";
import { testDatabase } from "../support/database.ts";

/** Anything that Postgres can hold as text, with the characters that quoting is about more often. */
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom(..."'\"\\{}(),;$-/*%_\n\r\t ", "''", "\\'", "E'", "NULL"),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }).filter((c) =>
      c !== "\0" && c.isWellFormed()
    ),
  ),
});
const bytes = fc.uint8Array({ maxLength: 64 });
const date = fc.date({
  min: new Date("1900-01-01T00:00:00Z"),
  max: new Date("9999-12-31T00:00:00Z"),
  noInvalidDate: true,
});
const integer = fc.maxSafeInteger();

Deno.test("sql`` brings every value back as it was", async (t) => {
  await using test = await testDatabase();

  for (const setting of ["on", "off"]) {
    /** Each column is another way for a value to go wrong; a `rest` out of place shows an escape. */
    const roundTrip = (
      first: string,
      second: string,
      strings: (string | null)[],
      blob: Uint8Array,
    ) =>
      test.database.transaction(async (tx) => {
        const [, [row], [rest]] = await tx.run(
          sql`select set_config('standard_conforming_strings', ${setting}, true)`,
          sql<
            { first: string; second: string; strings: string; blob: Uint8Array }
          >`select ${first}::text as first, ${second}::text as second,
            to_json(${strings}::text[]) as strings, ${blob}::bytea as blob`,
          sql<{ rest: number }>`select ${-1}-${-2} as rest`,
        );
        assert.deepEqual(
          { ...row, blob: Uint8Array.from(row!.blob) },
          { first, second, strings, blob },
        );
        assert.deepEqual(rest, { rest: 1 });
      });

    await t.step(`with standard_conforming_strings ${setting}`, () =>
      fc.assert(
        fc.asyncProperty(
          text,
          text,
          fc.array(fc.option(text)),
          bytes,
          roundTrip,
        ),
        { numRuns: 300 },
      ));
  }

  await t.step(
    "numbers, booleans and dates, alone and in arrays",
    () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.option(integer)),
          fc.array(fc.boolean()),
          fc.array(date),
          fc.array(bytes),
          fc.double({ noNaN: true, noDefaultInfinity: true }),
          async (integers, booleans, dates, blobs, double) => {
            const [[row]] = await test.database.run(
              sql`select to_json(${integers}::bigint[]) as integers,
              to_json(${booleans}::boolean[]) as booleans,
              (select coalesce(json_agg(extract(epoch from at) * 1000), '[]')
                from unnest(${dates}::timestamptz[]) as at) as dates,
              (select coalesce(json_agg(encode(blob, 'hex')), '[]')
                from unnest(${blobs}::bytea[]) as blob) as blobs,
              ${double}::float8 as double, ${
                integers[0] ?? null
              }::bigint as integer,
              ${dates[0] ?? null}::timestamptz as date`,
            );
            assert.deepEqual(row as unknown, {
              integers,
              booleans,
              dates: dates.map(Number),
              blobs: blobs.map((blob) => blob.toHex()),
              double: double === 0 ? 0 : double,
              integer: integers[0] ?? null,
              date: dates[0] ?? null,
            });
          },
        ),
        { numRuns: 100 },
      ),
  );

  await t.step("rows, by table()", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ name: fc.option(text), size: integer, at: date }, {
            noNullPrototype: true,
          }),
        ),
        async (rows) => {
          const [found] = await test.database.run(
            sql`select name, size, at from ${
              table(rows, { name: "text", size: "bigint", at: "timestamptz" })
            } with ordinality as t (name, size, at, n) order by n`,
          );
          assert.deepEqual(found as unknown, rows);
        },
      ),
      { numRuns: 100 },
    ));
});

Deno.test("sql`` refuses what Postgres cannot hold", () => {
  const refused: SqlValue[] = [
    "a\0b",
    "\ud800",
    ["\udc00"],
    NaN,
    Infinity,
    [NaN],
    new Date(NaN),
    undefined as unknown as SqlValue,
    [undefined as unknown as string],
    {} as unknown as SqlValue,
  ];
  for (const value of refused) {
    assert.throws(() => sql`select ${value}`, Error, String(value));
  }
});

Deno.test("literal() keeps a backslash from depending on the server's settings", () => {
  assert.equal(literal("it's"), "'it''s'");
  assert.equal(literal("a\\'b"), " E'a\\\\''b'");
});
