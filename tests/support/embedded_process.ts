/**
 * A process that owns an embedded database and says on its standard output what it has seen:
 * `ready <url>`, then `stored <n>` for each row it was told is committed.
 *
 *   embedded_process.ts <dataDir> [rows]
 */
import { openDatabase } from "../../src/db/database.ts";
import { openEmbedded } from "../../src/db/embedded.ts";
import { sql } from "../../src/db/sql.ts";

const [dataDir, order] = Deno.args;

await using server = await openEmbedded({ dataDir: dataDir! });
await using db = openDatabase({
  url: server.url,
  connections: 4,
  queryMs: 10_000,
});
console.log(`ready ${server.url}`);

if (order === "rows") {
  await db.run(sql`create table if not exists rows (n integer)`);
  for (let n = 0;; n++) {
    await db.run(sql`insert into rows values (${n})`);
    console.log(`stored ${n}`);
  }
} else {
  await new Promise(() => {});
}
