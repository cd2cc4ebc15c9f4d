import assert from "node:assert/strict";
import { openDatabase } from "../../src/db/database.ts";
import { migrate } from "../../src/db/migrate.ts";
import { checkSchema } from "../../src/db/schema.ts";
import { sql, Statement } from "../../src/db/sql.ts";
import { needsPgbouncer, startPgbouncer } from "../support/pgbouncer.ts";
import { startPostgres } from "../support/postgres_server.ts";

const column = (n: number) => new Statement(`m${n % 7}`);

Deno.test("behind a transaction-mode pooler", needsPgbouncer(), async (t) => {
  await using server = await startPostgres();
  await using pooler = await startPgbouncer(server, 3);
  const open = () =>
    openDatabase({ url: pooler.url, connections: 20, queryMs: 20_000 });

  await t.step("migrations run, two at once too", async () => {
    const [one, two] = await Promise.all([
      migrate(pooler.url),
      migrate(pooler.url),
    ]);
    assert.ok(one.length + two.length > 0);
    assert.ok(one.length === 0 || two.length === 0);
    await using database = open();
    await checkSchema(database);
  });

  await t.step("no result is ever another's", async () => {
    await using first = open();
    await using second = open();
    await first.run(sql`create table ledger (work integer, step integer)`);
    /** Every query has a shape and an answer of its own, so a mixed-up one cannot pass. */
    const work = async (n: number) => {
      const database = n % 2 === 0 ? first : second;
      const marker = `work ${n}`;
      if (n % 3 === 0) {
        const [[row], , [again]] = await database.run(
          sql`select ${marker}::text as marker, ${n}::integer as number`,
          sql`insert into ledger values (${n}, 0)`,
          sql`select count(*) as steps from ledger where work = ${n}`,
        );
        assert.deepEqual(row as unknown, { marker, number: n });
        assert.deepEqual(again as unknown, { steps: 1 });
        return;
      }
      await database.transaction(async (tx) => {
        for (let step = 0; step < 3; step++) {
          const [, [row]] = await tx.run(
            sql`insert into ledger values (${n}, ${step})`,
            sql`select ${marker}::text as ${column(n)}, count(*) as steps
              from ledger where work = ${n}`,
          );
          assert.deepEqual(row as unknown, {
            [`m${n % 7}`]: marker,
            steps: step + 1,
          });
        }
        if (n % 5 === 0) throw new RangeError(marker);
        await tx.commit(sql`select 1`);
      }).catch((error) => assert.equal(error.message, marker));
    };
    const works = Array.from({ length: 3000 }, (_, n) => n);
    const next = works.values();
    await Promise.all(Array.from({ length: 60 }, async () => {
      for (const n of next) await work(n);
    }));

    const [[kept]] = await first.run(
      sql`select count(distinct work) as works, count(*) as steps from ledger`,
    );
    const single = works.filter((n) => n % 3 === 0).length;
    const committed = works.filter((n) => n % 3 !== 0 && n % 5 !== 0).length;
    assert.deepEqual(kept as unknown, {
      works: single + committed,
      steps: single + committed * 3,
    });
  });
});
