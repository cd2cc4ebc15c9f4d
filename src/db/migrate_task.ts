import { Problem } from "../protocol/problem.ts";
import { openDatabase } from "./database.ts";
import { migrate } from "./migrate.ts";
import { pendingMigrations, SchemaError, startNewEpoch } from "./schema.ts";

const usage = `Brings the database of DATABASE_URL to the newest schema.

  deno task migrate               apply what is missing
  deno task migrate --new-epoch   also make every client start from zero: after restoring a
                                  snapshot of the file system, which Postgres cannot notice`;

async function main(args: readonly string[]): Promise<void> {
  const url = Deno.env.get("DATABASE_URL");
  if (!url) {
    throw new SchemaError(
      "DATABASE_URL is not set: say which database to migrate. " +
        "The embedded one is migrated when the service starts",
    );
  }
  await using db = openDatabase({ url, connections: 1, queryMs: 10_000 });
  await pendingMigrations(db);
  const applied = await migrate(url);
  for (const name of applied) console.log(`Applied ${name}`);
  if (applied.length === 0) console.log("The schema is up to date");
  if (args.includes("--new-epoch")) {
    await startNewEpoch(db);
    console.log("Clients will start from zero");
  }
}

const unknown = Deno.args.filter((arg) => arg !== "--new-epoch");
if (unknown.length > 0) {
  console.log(usage);
  Deno.exit(unknown[0] === "--help" ? 0 : 2);
}
try {
  await main(Deno.args);
} catch (error) {
  const reason = error instanceof Problem
    ? `Cannot reach the database: ${(error.cause as Error).message}`
    : error instanceof SchemaError
    ? error.message
    : error;
  console.error(reason);
  Deno.exitCode = 1;
}
