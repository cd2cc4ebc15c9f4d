import { sql } from "../../src/db/sql.ts";
import type { UserId } from "../../src/protocol/ids.ts";
import type { TestApp } from "../support/app.ts";

const deadlineMs = 120_000;

/** Resolves once a person is in no chat any more; rejects when that does not come about. */
export async function departed(
  { db }: Pick<TestApp, "db">,
  userId: UserId,
): Promise<void> {
  const chats = sql<{ left: number }>`select count(*) as left from members
    join chats using (chat_id)
    where user_id = ${userId}::uuid and left_at is null and deleted_at is null`;
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const [[row]] = await db.database.run(chats);
    if (row!.left === 0) return;
    if (performance.now() > deadline) {
      throw new Error(`Still in ${row!.left} chats`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
