/** What a person in very many chats costs: each statement reads by key, and the rest for its page alone. */
import assert from "node:assert/strict";
import { unseenFrom } from "../../src/changes/mod.ts";
import { sql, Statement } from "../../src/db/sql.ts";
import { createInbox } from "../../src/inbox/mod.ts";
import type { ChatItem } from "../../src/protocol/sync.ts";
import type { List } from "../../src/protocol/page.ts";
import type { UserId } from "../../src/protocol/ids.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";

interface Node {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly Node[];
}

const nodesOf = (node: Node): Node[] => [
  node,
  ...(node.Plans ?? []).flatMap(nodesOf),
];

async function planOf({ database }: TestDatabase, text: string) {
  const [[row]] = await database.run(
    new Statement<{ "QUERY PLAN": [{ Plan: Node }] }>(
      `explain (analyze, format json) ${text}`,
    ),
  ) as unknown as [[Record<string, [{ Plan: Node }]>]];
  return nodesOf(Object.values(row!)[0]![0].Plan);
}

/** How many rows a plan has looked at in a table. */
const readOf = (nodes: readonly Node[], table: string) =>
  nodes.filter((node) => node["Relation Name"] === table).reduce(
    (sum, node) =>
      sum + node["Actual Loops"] *
        (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0)),
    0,
  );

/** Somebody in so many chats, each with some messages, among as many that are others'. */
async function fill({ database }: TestDatabase, chats: number) {
  const userId = crypto.randomUUID() as UserId;
  const make = (owner: string) =>
    sql`with made as (
        insert into chats (chat_id, kind, title, member_count, created_by, created_at, rev)
        select gen_random_uuid(), 'group', 'Group ' || n, 1, ${owner}::uuid,
          date_trunc('milliseconds', now()) - n * interval '1 minute', 5
        from generate_series(1, ${chats}) n returning *
      ), heads as (
        insert into heads (scope_id, rev, last_seq, active_at)
        select chat_id, 5, 5, created_at from made
      ), members as (
        insert into members (chat_id, user_id, role, joined_at, joined_seq, rev, account_rev)
        select chat_id, ${owner}::uuid, 'member', created_at, 0, 1, 1 from made
      ), receipts as (
        insert into receipts (chat_id, user_id, read_seq) select chat_id, ${owner}::uuid, 3 from made
      )
      insert into messages (chat_id, seq, rev, message_id, sender_id, key_version, sealed, created_at)
      select chat_id, seq, seq, gen_random_uuid(), gen_random_uuid(), 1, '\\x00', created_at
      from made cross join generate_series(1, 5) seq`;
  await database.run(
    sql`insert into heads (scope_id, rev) values (${userId}::uuid, 1)`,
    make(userId),
    make(crypto.randomUUID()),
    sql`analyze`,
  );
  return userId;
}

Deno.test("in very many chats", async (t) => {
  await using test = await testDatabase();
  const chats = 600;
  const userId = await fill(test, chats);
  const asked: string[] = [];
  const { database } = test;
  const inbox = createInbox({
    db: {
      ...database,
      snapshot: (...statements) => {
        asked.push(...statements.map(({ text }) => text));
        return database.snapshot(...statements);
      },
    },
    turns: (_key, work) => work(),
    open: (rows) =>
      Promise.resolve(
        rows.map((row) => ({ ...row, content: null, forwardedFrom: null })),
      ),
    openDraft: () => Promise.resolve(null),
  });

  await t.step(
    "a page of the list reads heads by key, and the rest for the page",
    async () => {
      const limit = 10;
      const first: List<ChatItem> = await inbox.listChats(userId, { limit });
      assert.equal(first.items.length, limit);
      await inbox.listChats(userId, { limit, cursor: first.nextCursor! });
      assert.equal(asked.length, 4);
      for (const text of asked.splice(0)) {
        const nodes = await planOf(test, text);
        // Of the page, and one more that shows whether the list goes on; once for its place, once to show.
        const ofPage = 2 * (limit + 1);
        assert.ok(readOf(nodes, "heads") <= chats + ofPage);
        for (const table of ["chats", "messages", "receipts"]) {
          const read = readOf(nodes, table);
          assert.ok(read <= ofPage, `${read} rows of ${table}: ${text}`);
        }
      }
    },
  );

  await t.step("the heads are found by key", async () => {
    const { chats: heads } = await inbox.readHeads(userId, undefined);
    assert.equal(heads.length, chats);
    for (const text of asked.splice(0)) {
      const nodes = await planOf(test, text);
      for (const table of ["heads", "chats", "receipts", "messages"]) {
        const read = readOf(nodes, table);
        assert.ok(read <= chats + 1, `${read} rows of ${table}: ${text}`);
      }
    }
  });

  await t.step(
    "the newest change is found at the end of an index",
    async () => {
      const nodes = await planOf(test, `select ${unseenFrom.text}`);
      assert.ok(readOf(nodes, "heads") <= 1);
      assert.ok(readOf(nodes, "receipts") <= 1);
    },
  );
});
