import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { Connection } from "../../src/db/connection.ts";
import { migrate } from "../../src/db/migrate.ts";
import {
  checkSchema,
  migrationsFolder,
  pendingMigrations,
  SchemaError,
  startNewEpoch,
} from "../../src/db/schema.ts";
import { sql } from "../../src/db/sql.ts";
import { testDatabase } from "../support/database.ts";

const newest = [...Deno.readDirSync(migrationsFolder)]
  .map(({ name }) => name.slice(0, -".sql".length)).sort().at(-1)!;

/** The service's migrations and some more, in a folder of their own. */
async function folderWith(
  files: Record<string, string>,
): Promise<AsyncDisposable & { url: URL }> {
  const path = await Deno.makeTempDir({ prefix: "parley-test-" });
  for (const { name } of Deno.readDirSync(migrationsFolder)) {
    await Deno.copyFile(new URL(name, migrationsFolder), `${path}/${name}`);
  }
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${path}/${name}`, `-- Up Migration\n${text}`);
  }
  return {
    url: pathToFileURL(`${path}/`),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

async function emptied(): ReturnType<typeof testDatabase> {
  const test = await testDatabase();
  const connection = new Connection(test.url, 10_000);
  await connection.query("drop schema public cascade; create schema public");
  await connection.end(0);
  return test;
}

Deno.test("migrate() brings an empty database to the newest schema, once", async () => {
  await using test = await emptied();
  await assert.rejects(checkSchema(test.database), /run 'deno task migrate'/);
  const applied = await migrate(test.url);
  assert.equal(applied.at(-1), newest);
  await checkSchema(test.database);
  assert.deepEqual(await migrate(test.url), []);
});

Deno.test("migrate() twice at once applies everything once", async () => {
  await using test = await emptied();
  const [one, two] = await Promise.all([migrate(test.url), migrate(test.url)]);
  assert.deepEqual([...one, ...two], one.length > 0 ? one : two);
  await checkSchema(test.database);
});

Deno.test("migrate() changes nothing when one migration fails, and says which line", async () => {
  await using test = await testDatabase();
  await using folder = await folderWith({
    "9998_good.sql": "create table good (n integer);",
    "9999_bad.sql": "create table bad (n integer);\nselect nonsense;",
  });
  await assert.rejects(
    migrate(test.url, folder.url),
    (error) =>
      error instanceof SchemaError &&
      /nothing was changed/.test(error.message) &&
      /nonsense/.test(error.message),
  );
  const [[row]] = await test.database.run(
    sql`select to_regclass('good') as good, to_regclass('bad') as bad`,
  );
  assert.deepEqual(row as unknown, { good: null, bad: null });
  await checkSchema(test.database);
});

Deno.test("checkSchema() refuses a database that is ahead", async () => {
  await using test = await testDatabase();
  await using folder = await folderWith({ "9999_later.sql": "select 1;" });
  assert.deepEqual(await migrate(test.url, folder.url), ["9999_later"]);
  for (const check of [checkSchema, pendingMigrations]) {
    await assert.rejects(check(test.database), /ahead.*9999_later/);
  }
});

Deno.test("startNewEpoch() changes the epoch for good", async () => {
  await using test = await testDatabase();
  const epoch = async () => {
    const [[row]] = await test.database.run(
      sql<{ epoch: string }>`select epoch() as epoch`,
    );
    return row!.epoch;
  };
  const before = await epoch();
  assert.equal(await epoch(), before);
  await startNewEpoch(test.database);
  assert.notEqual(await epoch(), before);
});

Deno.test("a start that finds nothing to migrate loads no migration library", async () => {
  const graph = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "src/db/schema.ts"],
    stdout: "piped",
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(graph.stdout));
  assert.ok(modules.length > 0);
  assert.doesNotMatch(JSON.stringify(modules), /node-pg-migrate/);
});

Deno.test("deno task migrate says what it did, and why it did not", async () => {
  await using test = await emptied();
  const run = async (url: string, ...args: string[]) => {
    const { stdout, stderr, code } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "src/db/migrate_task.ts", ...args],
      env: { DATABASE_URL: url, NO_COLOR: "1" },
    }).output();
    const [out, error] = [stdout, stderr].map((bytes) =>
      new TextDecoder().decode(bytes)
    );
    return { code, out: out!, error: error! };
  };
  assert.match((await run(test.url)).out, new RegExp(`Applied ${newest}`));
  const again = await run(test.url, "--new-epoch");
  assert.match(again.out, /up to date[^]*start from zero/);

  assert.match((await run("")).error, /DATABASE_URL is not set/);
  const away = await run("postgres://parley:hunter2@127.0.0.1:1/parley");
  assert.equal(away.code, 1);
  assert.match(away.error, /^Cannot reach the database: .*ECONNREFUSED/);
  assert.doesNotMatch(away.error, /hunter2/);
});

Deno.test("no two migrations share a number", () => {
  const numbers = [...Deno.readDirSync(migrationsFolder)]
    .map(({ name }) => name.split("_")[0]!).sort();
  assert.deepEqual(
    numbers,
    numbers.map((_, i) => String(i + 1).padStart(4, "0")),
  );
});
