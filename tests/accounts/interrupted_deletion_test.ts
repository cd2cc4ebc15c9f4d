/** A deletion of somebody with very many chats, stopped and killed in the middle. */
import assert from "node:assert/strict";
import type { Changes } from "../../src/changes/mod.ts";
import { createChanges } from "../../src/changes/mod.ts";
import { leaveChats } from "../../src/chats/mod.ts";
import { type Database, openDatabase } from "../../src/db/database.ts";
import { sql } from "../../src/db/sql.ts";
import type { UserId } from "../../src/protocol/ids.ts";
import { crowd } from "../chats/crowd.ts";
import { anotherIsolate, testApp } from "../support/app.ts";
import { testDatabase, testServer } from "../support/database.ts";
import { newPerson, password } from "../support/peer.ts";
import { serviceData, startService } from "../support/service.ts";
import { departed } from "./departed.ts";
import { silent } from "../support/silent.ts";

/** Direct chats and groups of a person with each of the others; of the groups the person is the owner. */
async function acquaint(
  db: Database,
  userId: UserId,
  others: readonly UserId[],
): Promise<void> {
  await db.run(
    sql`create temporary table made on commit drop as
      select gen_random_uuid() as chat_id, other, kind
      from unnest(${others}::uuid[]) other, unnest('{direct,group}'::text[]) kind`,
    sql`insert into heads (scope_id, rev) select chat_id, 2 from made`,
    sql`insert into chats (chat_id, kind, title, direct_key, member_count, created_by, created_at, rev)
      select chat_id, kind, case kind when 'group' then 'A group' end,
        case kind when 'direct' then least(other, ${userId}::uuid) || '/'
          || greatest(other, ${userId}::uuid) end,
        2, ${userId}::uuid, now(), 2 from made`,
    sql`insert into members (chat_id, user_id, role, joined_at, joined_seq, rev, account_rev)
      select chat_id, ${userId}::uuid, case kind when 'group' then 'owner' else 'member' end,
        now(), 0, 1, 1 from made
      union all select chat_id, other, 'member', now(), 0, 2, 1 from made`,
  );
}

/** Whoever was erasing an account has had it for too long. */
const endLeases = (db: Database) =>
  db.run(
    sql`update users set erase_after = now() where erase_after is not null`,
  );

/** How many direct chats and groups there are in which nothing of the person is left to do. */
async function settledChats(db: Database, userId: UserId) {
  const [rows] = await db.run(
    sql<{ kind: string; chats: number; owners: number }>`select kind,
        count(distinct chat_id) as chats,
        count(*) filter (where role = 'owner' and user_id <> ${userId}::uuid) as owners
      from chats join members using (chat_id)
      where member_count = 1 and deleted_at is null and exists (
        select from members m where m.chat_id = chats.chat_id
          and m.user_id = ${userId}::uuid and m.left_at is not null)
      group by kind order by kind`,
  );
  return rows;
}

const settled = (count: number) => [
  { kind: "direct", chats: count, owners: 0 },
  { kind: "group", chats: count, owners: count },
];

Deno.test("somebody in 1,000 chats leaves them a few at a time", async () => {
  await using test = await testDatabase();
  const db = test.database;
  const [userId, ...others] = await crowd(db, 501) as [UserId, ...UserId[]];
  await acquaint(db, userId, others);
  const lane = createChanges({
    db,
    announce: () => {},
    now: () => new Date(),
  });
  let underway = 0;
  let most = 0;
  const changes: Changes = {
    async submit(command) {
      most = Math.max(most, ++underway);
      try {
        return await lane.submit(command);
      } finally {
        underway--;
      }
    },
  };
  const pages: number[] = [];
  const watched: Database = {
    ...db,
    async run(...statements) {
      const results = await db.run(...statements);
      pages.push(...results.map((rows) => rows.length));
      return results;
    },
  };
  await leaveChats({ db: watched, changes, narrate: silent })(
    userId,
    new AbortController().signal,
  );
  assert.deepEqual(await settledChats(db, userId), settled(500));
  assert.ok(most > 1 && most <= 16, `${most} at once`);
  assert.ok(Math.max(...pages) <= 16, "a page is bounded");
});

Deno.test("a deletion that a stop interrupts is finished by another isolate", async () => {
  const service = await testApp();
  const db = service.db.database;
  const ann = await newPerson(service.url);
  await acquaint(db, ann.userId, await crowd(db, 200));
  await using other = await anotherIsolate(service, { SWEEP_MS: "200" });
  assert.equal((await ann.call("DELETE", "/me", { password })).status, 204);
  // The database is the other one's too, so that the service lets go of everything but it.
  await service.app.drain();
  await service.app[Symbol.asyncDispose]();
  await using _rest = service;

  // The lease of the one that stopped runs out.
  await endLeases(db);
  await using _third = await anotherIsolate(other);
  await departed(other, ann.userId);
  assert.deepEqual(await settledChats(db, ann.userId), settled(200));
});

Deno.test({
  name: "a deletion that a crash interrupts is finished after the next start",
  // The embedded database ends with the process, and its lease could not be made to run out.
  ignore: testServer === null,
  async fn() {
    await using data = await serviceData();
    await using db = openDatabase({
      url: data.db!.url,
      connections: 2,
      queryMs: 10_000,
    });
    const first = await startService(data);
    const ann = await newPerson(first.url);
    await acquaint(db, ann.userId, await crowd(db, 500));
    assert.equal((await ann.call("DELETE", "/me", { password })).status, 204);
    await first[Symbol.asyncDispose]();
    const [done] = await settledChats(db, ann.userId);
    assert.ok((done?.chats ?? 0) < 500, "it was killed too late");

    await endLeases(db);
    await using second = await startService(data);
    await departed({ db: { ...data.db!, database: db } }, ann.userId);
    assert.deepEqual(await settledChats(db, ann.userId), settled(500));
    assert.deepEqual(
      second.lines.filter((line) => line.startsWith("{")),
      [],
    );
  },
});
