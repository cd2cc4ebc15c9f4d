import type { Database } from "../../src/db/database.ts";
import { sql, table } from "../../src/db/sql.ts";
import type { UserId } from "../../src/protocol/ids.ts";

/** Accounts that nobody can sign in to, to fill a group with: hashing so many passwords takes minutes. */
export async function crowd(db: Database, people: number): Promise<UserId[]> {
  const rows = Array.from({ length: people }, (_, i) => ({
    userId: crypto.randomUUID() as UserId,
    username: `crowd${i}.${crypto.randomUUID().slice(0, 8)}`,
    rev: 1,
  }));
  await db.run(
    sql`insert into heads (scope_id, rev) select * from ${
      table(rows, { userId: "uuid", rev: "bigint" })
    }`,
    sql`insert into users (user_id, username, display_name, password_hash, account_rev)
      select user_id, username, username, '', 1
      from ${
      table(rows, { userId: "uuid", username: "text" })
    } c (user_id, username)`,
  );
  return rows.map(({ userId }) => userId);
}
