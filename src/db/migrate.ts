import { fileURLToPath } from "node:url";
import { Connection } from "./connection.ts";
import { migrationsFolder, SchemaError } from "./schema.ts";

/** Any number will do, as long as nothing else in the database locks it. */
const lockKey = 8_310_471_652;

/**
 * Applies the migrations that the database lacks, in order, and answers with their names.
 *
 * All of them and the notes about them happen in one transaction, under a lock of that transaction:
 * it is all or nothing, the second of two at once finds nothing left to do, and a transaction-mode
 * pooler may stand in between.
 */
export async function migrate(
  url: string,
  folder: URL = migrationsFolder,
): Promise<string[]> {
  // Loaded here, because a start that finds nothing to migrate must not pay for it.
  const { runner } = await import("node-pg-migrate");
  const connection = new Connection(url, 10_000);
  const complaints: string[] = [];
  try {
    await connection.query(`begin; select pg_advisory_xact_lock(${lockKey})`);
    const applied = await runner({
      // Of a whole client it calls nothing but this.
      dbClient: clientOf(connection) as never,
      dir: fileURLToPath(folder),
      migrationsTable: "schema_migrations",
      direction: "up",
      // Its own lock belongs to a session, which a pooler takes away after the transaction.
      noLock: true,
      singleTransaction: true,
      logger: {
        debug: () => {},
        info: () => {},
        warn: () => {},
        error: (message) => complaints.push(message),
      },
    });
    await connection.query("commit");
    return applied.map(({ name }) => name);
  } catch (cause) {
    const reasons = complaints.length > 0 ? complaints : [String(cause)];
    throw new SchemaError(
      `Cannot migrate the database; nothing was changed. ${reasons.join("\n")}`,
      { cause },
    );
  } finally {
    await connection.end(0);
  }
}

/**
 * What the library needs of a client, over the driver that the service uses, so that one URL means
 * the same to both. The transaction is ours: the library's own words about it go unheard.
 */
function clientOf(connection: Connection) {
  return {
    async query(text: string) {
      if (/^(begin|commit|rollback)$/i.test(text)) return { rows: [] };
      const results = await connection.query(text);
      return { rows: [...results.at(-1) ?? []] };
    },
  };
}
