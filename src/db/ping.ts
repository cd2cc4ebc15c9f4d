import type { Database } from "./database.ts";
import { sql } from "./sql.ts";

/** Resolves once the database has answered; rejects with `unavailable` where it does not. */
export async function ping(db: Database): Promise<void> {
  await db.run(sql`select 1`);
}
