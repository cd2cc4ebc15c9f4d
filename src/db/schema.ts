import { type Database, sqlState } from "./database.ts";
import { sql } from "./sql.ts";

/** The migrations that this version of the service is made for. */
export const migrationsFolder = new URL("../../migrations/", import.meta.url);

/** The database and this version of the service are not made for each other. */
export class SchemaError extends Error {
  override readonly name = "SchemaError";
}

/** The migrations that the database still needs, in order. Rejects with `SchemaError` where it is ahead. */
export async function pendingMigrations(db: Database): Promise<string[]> {
  const [known, applied] = await Promise.all([
    knownMigrations(),
    appliedMigrations(db),
  ]);
  const unknown = applied.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new SchemaError(
      `The database is ahead of this version of the service, which does not know ${
        unknown.join(", ")
      }: start the version that migrated it, or a later one`,
    );
  }
  return known.filter((name) => !applied.includes(name));
}

/** Rejects with `SchemaError` unless the database has exactly the schema of this version. */
export async function checkSchema(db: Database): Promise<void> {
  const pending = await pendingMigrations(db);
  if (pending.length > 0) {
    throw new SchemaError(
      `The database is behind this version of the service and needs ${
        pending.join(", ")
      }: run 'deno task migrate'`,
    );
  }
}

/**
 * Gives the database's history a new name, so that clients start from zero instead of trusting
 * counters that a restored snapshot of the file system has set back.
 */
export async function startNewEpoch(db: Database): Promise<void> {
  await db.run(sql`update installation set history_id = gen_random_uuid()`);
}

async function knownMigrations(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(migrationsFolder)) {
    if (name.endsWith(".sql")) names.push(name.slice(0, -".sql".length));
  }
  return names.sort();
}

async function appliedMigrations(db: Database): Promise<string[]> {
  const undefinedTable = "42P01";
  try {
    const [rows] = await db.run(
      sql<{ name: string }>`select name from public.schema_migrations`,
    );
    return rows.map((row) => row.name);
  } catch (error) {
    if (sqlState(error) === undefinedTable) return [];
    throw error;
  }
}
