import type { Database } from "../db/database.ts";
import { createBatcher } from "../lib/batcher.ts";
import type { User } from "../protocol/accounts.ts";
import type { UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { userOf } from "./shape.ts";
import type { profiles, UserRow } from "./store.ts";

/** Rejects with `not_found`. */
export type ReadUser = (userId: UserId) => Promise<User>;

/** Reads profiles; those wanted at the same time with one statement. */
export function createReadUser(
  db: Database,
  profilesOf: typeof profiles,
): ReadUser {
  const read = createBatcher<UserId, UserRow | undefined>(
    async (userIds) => {
      const [rows] = await db.run(profilesOf(userIds));
      const byId = new Map(rows.map((row) => [row.userId, row]));
      return userIds.map((userId) => byId.get(userId));
    },
    {
      batchSize: 200,
      waiting: 20_000,
      refuse: () => new Problem("unavailable", { retryAfterMs: 1000 }),
    },
  );
  return async (userId) => {
    const row = await read(userId);
    if (!row) throw new Problem("not_found");
    return userOf(row);
  };
}
