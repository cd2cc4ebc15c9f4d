import assert from "node:assert/strict";
import fc from "fast-check";
import { readSince, type ScopeId } from "../../src/changes/mod.ts";
import { commitBatch } from "../../src/changes/commit.ts";
import type { Database } from "../../src/db/database.ts";
import { sql, table } from "../../src/db/sql.ts";
import { testDatabase } from "../support/database.ts";
import { newScope, type Note, prepareNotes, rewrite, write } from "./notes.ts";

/** Rows of a kind that changes more rarely, and one at a time. */
interface Sign {
  readonly rev: number;
  readonly name: string;
}

const prepareSigns = sql`create table signs (
  scope_id uuid not null, name text not null, rev bigint not null,
  primary key (scope_id, name))`;

const notesSince = (scope: ScopeId, rev: number, limit: number) =>
  sql<Note>`select note_id, scope_id, seq, rev, text from notes
    where scope_id = ${scope}::uuid and rev > ${rev} order by rev limit ${limit}`;

const signsSince = (scope: ScopeId, rev: number, limit: number) =>
  sql<Sign>`select name, rev from signs
    where scope_id = ${scope}::uuid and rev > ${rev} order by rev limit ${limit}`;

const read = (db: Database, scope: ScopeId, since: number, limit: number) =>
  readSince(db, scope, since, limit, [notesSince, signsSince]);
type Found = Awaited<ReturnType<typeof read>>;

/** What a client has that applies every page. */
class Reader {
  at = 0;
  readonly notes = new Map<string, Note>();
  readonly signs = new Map<string, Sign>();

  apply({ to, rows: [notes, signs] }: Found) {
    for (const note of notes) this.notes.set(note.noteId, note);
    for (const sign of signs) this.signs.set(sign.name, sign);
    this.at = to;
  }
}

interface Change {
  readonly kind: string;
  readonly of: number;
}

/** How one rev of a made-up history comes about. */
const change = fc.oneof(
  fc.record({ kind: fc.constant("note"), of: fc.nat(9) }),
  fc.record({ kind: fc.constant("two notes"), of: fc.nat(9) }),
  fc.record({ kind: fc.constant("sign"), of: fc.nat(4) }),
  fc.record({ kind: fc.constant("note and sign"), of: fc.nat(4) }),
  // A change whose row has changed again since, or one of a row that the reader may not see.
  fc.record({ kind: fc.constant("nothing"), of: fc.constant(0) }),
);

/** The state that a history leads to: each row with the rev of its last change. */
function stateOf(history: readonly Change[]) {
  const notes = new Map<number, number>();
  const signs = new Map<number, number>();
  history.forEach(({ kind, of }, i) => {
    if (kind.includes("note")) notes.set(of, i + 1);
    if (kind === "two notes") notes.set((of + 1) % 10, i + 1);
    if (kind.includes("sign")) signs.set(of, i + 1);
  });
  return { notes, signs };
}

async function store(
  db: Database,
  scope: ScopeId,
  history: readonly Change[],
) {
  const { notes, signs } = stateOf(history);
  const noteRows = [...notes].map(([of, rev]) => ({
    noteId: `${scope}/${of}`,
    scopeId: scope as string,
    seq: of,
    rev,
    text: `at ${rev}`,
  }));
  const signRows = [...signs].map(([of, rev]) => ({
    scopeId: scope as string,
    name: `sign ${of}`,
    rev,
  }));
  await db.run(
    sql`insert into heads (scope_id, rev) values (${scope}::uuid, ${history.length})
      on conflict (scope_id) do update set rev = excluded.rev`,
    sql`insert into notes (note_id, scope_id, seq, rev, text) select * from ${
      table(noteRows, {
        noteId: "text",
        scopeId: "uuid",
        seq: "bigint",
        rev: "bigint",
        text: "text",
      })
    } on conflict (scope_id, seq) do update set rev = excluded.rev, text = excluded.text`,
    sql`insert into signs (scope_id, name, rev) select * from ${
      table(signRows, { scopeId: "uuid", name: "text", rev: "bigint" })
    } on conflict (scope_id, name) do update set rev = excluded.rev`,
  );
}

/** No hole: of the state as it is now, the reader has every row up to where it is. */
function assertWhole(
  { at, notes, signs }: Reader,
  scope: ScopeId,
  history: readonly Change[],
) {
  const now = stateOf(history);
  for (const [of, rev] of now.notes) {
    if (rev <= at) assert.equal(notes.get(`${scope}/${of}`)?.rev, rev);
  }
  for (const [of, rev] of now.signs) {
    if (rev <= at) assert.equal(signs.get(`sign ${of}`)?.rev, rev);
  }
}

Deno.test("readSince: pages of changes", async (t) => {
  await using test = await testDatabase();
  const { database: db } = test;
  await prepareNotes(db);
  await db.run(prepareSigns);
  const limits = fc.integer({ min: 1, max: 7 });

  await t.step("lead to the state, without a hole on the way", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 40 }),
        limits,
        async (history, limit) => {
          const scope = newScope();
          await store(db, scope, history);
          const reader = new Reader();
          for (;;) {
            const page = await read(db, scope, reader.at, limit);
            assert.ok(
              page.rows.flat().every(({ rev }) =>
                rev > reader.at && rev <= page.to
              ),
            );
            assert.ok(
              page.rows.every((rows) => rows.length <= Math.max(2, limit)),
            );
            assert.equal(page.rev, history.length);
            if (page.hasMore) assert.ok(page.to > reader.at, "it goes on");
            else assert.equal(page.to, history.length);
            reader.apply(page);
            assertWhole(reader, scope, history);
            if (!page.hasMore) break;
          }
          const { notes, signs } = stateOf(history);
          assert.equal(reader.notes.size, notes.size);
          assert.equal(reader.signs.size, signs.size);
        },
      ),
      { numRuns: 60 },
    );
  });

  await t.step("lead there too while changes happen between them", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 10, maxLength: 30 }),
        fc.array(fc.array(change, { maxLength: 3 }), { maxLength: 12 }),
        limits,
        async (before, meanwhile, limit) => {
          const scope = newScope();
          const history = [...before];
          await store(db, scope, history);
          const reader = new Reader();
          for (const more of [...meanwhile, ...Array(60).fill([])]) {
            const page = await read(db, scope, reader.at, limit);
            reader.apply(page);
            assertWhole(reader, scope, history);
            if (!page.hasMore && more.length === 0) break;
            history.push(...more);
            await store(db, scope, history);
          }
          assert.equal(reader.at, history.length);
          assertWhole(reader, scope, history);
        },
      ),
      { numRuns: 40 },
    );
  });

  await t.step("applied twice change nothing", async () => {
    const scope = newScope();
    await store(db, scope, [
      { kind: "two notes", of: 1 },
      { kind: "sign", of: 1 },
      { kind: "note", of: 2 },
    ]);
    const once = await read(db, scope, 0, 10);
    assert.deepEqual(await read(db, scope, 0, 10), once);
  });

  await t.step("hold two rows of one rev together, at every edge", async () => {
    const scope = newScope();
    const ids = [1, 2, 3, 4, 5].map((n) => `${scope}/${n}`);
    await commitBatch(db, [
      ...ids.map((id) => write(scope, id)),
      rewrite(scope, [ids[1]!, ids[2]!], "both"),
      rewrite(scope, [ids[3]!, ids[4]!], "both"),
    ], new Date());
    for (const limit of [1, 2, 3, 4]) {
      const pages: number[][] = [];
      for (let at = 0, more = true; more;) {
        const page = await read(db, scope, at, limit);
        assert.ok(page.to > at || !page.hasMore);
        pages.push(page.rows[0].map(({ rev }) => rev));
        [at, more] = [page.to, page.hasMore];
      }
      assert.deepEqual(pages.flat(), [1, 6, 6, 7, 7], `limit ${limit}`);
      for (const page of pages) {
        for (const rev of [6, 7]) {
          const held = page.filter((each) => each === rev).length;
          assert.ok(held === 0 || held === 2, `limit ${limit}: ${page}`);
        }
      }
    }
  });

  await t.step(
    "end where the scope is, also when no row shows it",
    async () => {
      const scope = newScope();
      await store(db, scope, Array(5).fill({ kind: "nothing", of: 0 }));
      const { to, hasMore, rows } = await read(db, scope, 2, 1);
      assert.deepEqual({ to, hasMore, rows }, {
        to: 5,
        hasMore: false,
        rows: [[], []],
      });
    },
  );

  await t.step("of a scope that is not there are empty", async () => {
    const { to, rev, hasMore } = await read(db, newScope(), 0, 10);
    assert.deepEqual({ to, rev, hasMore }, { to: 0, rev: 0, hasMore: false });
  });

  await t.step("come with further rows of the same moment", async () => {
    const scope = newScope();
    await store(db, scope, [{ kind: "note", of: 1 }]);
    const page = await readSince(db, scope, 0, 10, [notesSince], [
      sql<{ one: number }>`select 1 as one`,
      sql<
        { rev: number }
      >`select rev from heads where scope_id = ${scope}::uuid`,
    ]);
    assert.deepEqual(page.also, [[{ one: 1 }], [{ rev: 1 }]]);
    assert.equal(page.rows.length, 1);
    assert.match(page.epoch, /^[0-9a-f]{32}$/);
  });
});
