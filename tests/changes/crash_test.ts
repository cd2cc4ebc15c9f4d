/** Transaction ids that nothing on disk tells of are given out again after a crash of the database. */
import assert from "node:assert/strict";
import { startSweep, type SweptHead } from "../../src/changes/mod.ts";
import { type Database, openDatabase } from "../../src/db/database.ts";
import { migrate } from "../../src/db/migrate.ts";
import { sql } from "../../src/db/sql.ts";
import { createReadHeads } from "../../src/inbox/heads.ts";
import { writeCursor } from "../../src/inbox/mod.ts";
import type { UserId } from "../../src/protocol/ids.ts";
import {
  needsPostgres,
  type PostgresServer,
  startPostgres,
} from "../support/postgres_server.ts";

const newest = sql<
  { xid: number }
>`select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as xid`;

/** Uses up ids, which nobody waits to see on the disk. */
async function burn(db: Database, ids: number): Promise<number> {
  for (let i = 0; i < ids; i++) {
    await assert.rejects(
      db.transaction(async (tx) => {
        await tx.run(sql`select pg_current_xact_id()`);
        throw new Error("Never mind");
      }),
      /Never mind/,
    );
  }
  const [[now]] = await db.run(newest);
  return now!.xid;
}

/** Kills the server and starts it again. Fails unless it has forgotten ids up to `before`. */
async function crash(server: PostgresServer, db: Database, before: number) {
  await server.kill9();
  await server.start();
  // The connections of before are gone, which the first query on each of them finds out.
  for (let i = 0; i < 3; i++) await db.run(newest).catch(() => {});
  const [[now]] = await db.run(newest);
  assert.ok(now!.xid < before, `${now!.xid} comes after ${before}`);
}

Deno.test(
  "changes under transaction ids that come again after a crash are stepped over by nobody",
  needsPostgres(),
  async () => {
    await using server = await startPostgres();
    await migrate(server.url);
    await using db = openDatabase({
      url: server.url,
      connections: 1,
      queryMs: 10_000,
    });
    const userId = crypto.randomUUID() as UserId;
    const chatId = crypto.randomUUID();
    await db.run(
      sql`insert into heads (scope_id, rev)
        values (${userId}::uuid, 1), (${chatId}::uuid, 1)`,
      sql`insert into chats (chat_id, kind, title, member_count, created_by, created_at, rev)
        values (${chatId}::uuid, 'group', 'A group', 1, ${userId}::uuid, now(), 1)`,
      sql`insert into members (chat_id, user_id, role, joined_at, joined_seq, rev, account_rev)
        values (${chatId}::uuid, ${userId}::uuid, 'owner', now(), 0, 1, 1)`,
    );
    let found: SweptHead[] = [];
    await using sweep = await startSweep({
      db,
      intervalMs: 1_000_000_000,
      onHeads: (heads) => found = [...heads],
      onFailure: (error) => assert.fail(String(error)),
    });
    const readHeads = createReadHeads(db);

    await server.stopWriters();
    const before = await burn(db, 20);
    await sweep.once();
    found = [];
    const cursor = writeCursor((await readHeads(userId, undefined)).moment);
    // Who asks again is told nothing twice.
    await sweep.once();
    assert.deepEqual(found, []);
    assert.deepEqual((await readHeads(userId, cursor)).chats, []);

    await crash(server, db, before);
    await db.run(
      sql`update heads set rev = 2, changed_xid = pg_current_xact_id()
      where scope_id = ${chatId}::uuid`,
    );
    await sweep.once();
    assert.deepEqual(found, [{ scopeId: chatId, rev: 2 }]);
    const { chats } = await readHeads(userId, cursor);
    assert.deepEqual(chats.map(({ rev }) => rev), [2]);
  },
);
