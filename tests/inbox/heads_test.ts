import assert from "node:assert/strict";
import type { Database } from "../../src/db/database.ts";
import { sql, table } from "../../src/db/sql.ts";
import { createReadChatIds } from "../../src/inbox/chat_ids.ts";
import { writeCursor } from "../../src/inbox/cursor.ts";
import { createReadHeads } from "../../src/inbox/heads.ts";
import type { ChatId, UserId } from "../../src/protocol/ids.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";

const newUser = () => crypto.randomUUID() as UserId;

/** Gives everyone so many chats, whose revs are 1, 2, 3, … */
async function withChats(
  { database }: TestDatabase,
  ...chats: readonly (readonly [userId: UserId, count: number])[]
) {
  const rows = chats.flatMap(([userId, count]) =>
    Array.from({ length: count }, (_, i) => ({
      chatId: crypto.randomUUID() as ChatId,
      userId,
      rev: i + 1,
    }))
  );
  const all = table(rows, { chatId: "uuid", userId: "uuid", rev: "bigint" });
  await database.run(
    sql`insert into chats (chat_id, kind, member_count, created_by, created_at, rev)
      select chat_id, 'group', 1, user_id, now(), rev
      from ${all} as row (chat_id, user_id, rev)`,
    sql`insert into heads (scope_id, rev)
      select chat_id, rev from ${all} as row (chat_id, user_id, rev)`,
    sql`insert into heads (scope_id, rev) select user_id, 1 from unnest(${
      chats.map(([userId]) => userId)
    }::uuid[]) as account (user_id)`,
    sql`insert into members
        (chat_id, user_id, role, joined_at, joined_seq, rev, account_rev)
      select chat_id, user_id, 'owner', now(), 0, rev, 1
      from ${all} as row (chat_id, user_id, rev)`,
  );
  return rows;
}

/** How many people each look at the database was for. */
function watched(db: Database) {
  const looks: number[] = [];
  const count = (text: string) => text.match(/[0-9a-f-]{36}/g)?.length ?? 0;
  return {
    looks,
    db: {
      ...db,
      run: (...statements) => {
        looks.push(count(statements[0]!.text));
        return db.run(...statements);
      },
      snapshot: (...statements) => {
        looks.push(count(statements[1]!.text));
        return db.snapshot(...statements);
      },
    } satisfies Database,
  };
}

Deno.test("those who come at once are read for together, and each gets one's own", async () => {
  await using db = await testDatabase();
  const people = Array.from({ length: 12 }, newUser);
  const rows = await withChats(
    db,
    ...people.map((userId, i) => [userId, i] as const),
  );
  const { looks, db: watchedDb } = watched(db.database);
  const readHeads = createReadHeads(watchedDb);
  const chatIds = createReadChatIds(watchedDb);

  const heads = await Promise.all(
    people.map((userId) => readHeads(userId, undefined)),
  );
  assert.deepEqual(looks, [1, 11]);
  const ids = await Promise.all(people.map(chatIds));
  assert.deepEqual(looks, [1, 11, 1, 11]);
  people.forEach((userId, i) => {
    const mine = rows.filter((row) => row.userId === userId);
    const expected = new Map(mine.map(({ chatId, rev }) => [chatId, rev]));
    assert.deepEqual(heads[i]!.revs, expected);
    assert.equal(heads[i]!.chats.length, i);
    assert.deepEqual(new Set(ids[i]), new Set(expected.keys()));
  });
});

Deno.test("each cursor of one person is answered for itself", async () => {
  await using db = await testDatabase();
  const ann = newUser();
  const [first] = await withChats(db, [ann, 3]);
  const readHeads = createReadHeads(db.database);
  const [[touched]] = await db.database.run(
    sql<{ xid: string }>`update heads
      set rev = 9, changed_xid = pg_current_xact_id()
      where scope_id = ${
      first!.chatId
    }::uuid returning changed_xid::text as xid`,
  );
  const { moment } = await readHeads(ann, undefined);
  const at = (xid: bigint, epoch = moment.epoch) =>
    writeCursor({ ...moment, epoch, oldest: String(xid) });
  const xid = BigInt(touched!.xid);
  const [everything, news, nothing, elsewhere, again] = await Promise.all([
    readHeads(ann, undefined),
    readHeads(ann, at(xid)),
    readHeads(ann, at(xid + 1n)),
    readHeads(ann, at(xid, "0".repeat(32))),
    readHeads(ann, at(xid)),
  ]);
  const revs = (heads: { chats: readonly { rev: number }[] }) =>
    heads.chats.map(({ rev }) => rev).sort();
  assert.deepEqual(revs(everything), [2, 3, 9]);
  assert.deepEqual(revs(news), [9]);
  assert.deepEqual(revs(nothing), []);
  assert.deepEqual(revs(elsewhere), [2, 3, 9]);
  assert.deepEqual(again.chats, news.chats);
  assert.equal(nothing.revs.get(first!.chatId), 9);
});

Deno.test("a person with very many chats is read for alone from the second time on", async () => {
  await using db = await testDatabase();
  const [large, ...others] = Array.from({ length: 4 }, newUser);
  await withChats(db, [large!, 501], ...others.map((id) => [id, 1] as const));
  const { looks, db: watchedDb } = watched(db.database);
  const chatIds = createReadChatIds(watchedDb);
  const everybody = () => Promise.all([large!, ...others].map(chatIds));
  assert.equal((await everybody())[0]!.length, 501);
  assert.deepEqual(looks.splice(0), [1, 3]);
  assert.equal((await everybody())[0]!.length, 501);
  // The large one, and of the others the first, who does not wait for it.
  assert.deepEqual(looks.splice(0), [1, 1, 2]);
});

Deno.test("one unknown account among many is refused alone", async () => {
  await using db = await testDatabase();
  const ann = newUser();
  await withChats(db, [ann, 1]);
  const readHeads = createReadHeads(db.database);
  const [mine, nobody, again] = await Promise.allSettled(
    [ann, newUser(), ann].map((userId) => readHeads(userId, undefined)),
  );
  assert.equal(mine!.status, "fulfilled");
  assert.equal(again!.status, "fulfilled");
  assert.equal(nobody!.status, "rejected");
  assert.equal(nobody!.reason.code, "unauthenticated");
});
