import { Connection } from "../../src/db/connection.ts";
import { type Database, openDatabase } from "../../src/db/database.ts";
import { migrate } from "../../src/db/migrate.ts";
import { schemaHash } from "./template.ts";
import { leaseEmbedded } from "./warm_embedded.ts";

/** A real server to test on: each test gets a database of its own there. Absent: the embedded one. */
export const testServer = Deno.env.get("TEST_DATABASE_URL") || null;

export interface TestDatabase extends AsyncDisposable {
  readonly database: Database;
  /** For more clients of it, also in other processes. */
  readonly url: string;
}

/** A fresh database with the newest schema and nothing in it, gone when it is disposed. */
export async function testDatabase(
  { connections = 8, queryMs = 10_000 } = {},
): Promise<TestDatabase> {
  await using cleanup = new AsyncDisposableStack();
  const url = testServer === null
    ? cleanup.use(await leaseEmbedded()).url
    : await serverUrl(testServer, cleanup);
  const database = cleanup.use(openDatabase({ url, connections, queryMs }));
  const stack = cleanup.move();
  return { database, url, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

async function serverUrl(
  server: string,
  cleanup: AsyncDisposableStack,
): Promise<string> {
  const template = await templateDatabase(server);
  const name = `parley_test_${crypto.randomUUID().replaceAll("-", "")}`;
  await administer(server, `create database ${name} template ${template}`);
  cleanup.defer(async () => {
    await administer(server, `drop database ${name} with (force)`);
  });
  return at(server, name);
}

/** Made once a schema and server, under another name first: whoever comes later finds it whole. */
async function templateDatabase(server: string): Promise<string> {
  const name = `parley_template_${await schemaHash()}`;
  const [found] = await administer(
    server,
    `select from pg_database where datname = '${name}'`,
  );
  if (found!.length > 0) return name;
  const mine = `parley_making_${crypto.randomUUID().replaceAll("-", "")}`;
  await administer(server, `create database ${mine}`);
  await migrate(at(server, mine));
  await administer(server, `alter database ${mine} rename to ${name}`)
    .catch(() => administer(server, `drop database ${mine}`));
  return name;
}

async function administer(server: string, statement: string) {
  const connection = new Connection(server, 10_000);
  try {
    return await connection.query(statement);
  } finally {
    await connection.end(0);
  }
}

function at(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = database;
  return url.href;
}
