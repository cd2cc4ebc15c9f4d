import { lanesAtOnce } from "./changes/mod.ts";
import type { Config } from "./config.ts";
import { type Database, openDatabase } from "./db/database.ts";
import { checkSchema, pendingMigrations } from "./db/schema.ts";

/** Time limit of every round trip to the database, in milliseconds. */
const queryMs = 10_000;

export interface Databases {
  readonly db: Database;
  /** Connections of the spine's own: reads that crowd the others do not hold up a send. */
  readonly spineDb: Database;
}

/** The database, at the schema of this version. The embedded one is migrated here. */
export async function openDatabases(
  { database, dataDir }: Config,
  cleanup: AsyncDisposableStack,
): Promise<Databases> {
  const open = (url: string, connections: number) =>
    cleanup.use(openDatabase({ url, connections, queryMs }));
  const both = (url: string) => ({
    db: open(url, database.connections - lanesAtOnce),
    spineDb: open(url, lanesAtOnce),
  });
  if (database.url !== null) {
    const databases = both(database.url);
    await checkSchema(databases.db);
    return databases;
  }
  // Loaded here: a service with a real database must not pay for the embedded one.
  const { openEmbedded } = await import("./db/embedded.ts");
  const { url } = cleanup.use(await openEmbedded({ dataDir }));
  const databases = both(url);
  if ((await pendingMigrations(databases.db)).length > 0) {
    const { migrate } = await import("./db/migrate.ts");
    await migrate(url);
  }
  return databases;
}
