import assert from "node:assert/strict";
import fc from "fast-check";
import { type Announced, createChanges } from "../../src/changes/mod.ts";
import { commitBatch } from "../../src/changes/commit.ts";
import { Problem } from "../../src/protocol/problem.ts";
import { testDatabase, testServer } from "../support/database.ts";
import {
  newScope,
  type Note,
  noteTable,
  poison,
  prepareNotes,
  refused,
  rewrite,
  stored,
  stumbling,
  write,
  type Written,
} from "./notes.ts";

const now = new Date();
const names = (count: number) =>
  Array.from({ length: count }, () => crypto.randomUUID());
const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

Deno.test("commit: a batch", async (t) => {
  await using test = await testDatabase();
  const { database: db } = test;
  await prepareNotes(db);

  await t.step(
    "numbers without gaps, whatever is refused in between",
    async () => {
      const scope = newScope();
      const [a, b, c] = names(3) as [string, string, string];
      const { settled, events } = await commitBatch(db, [
        refused(scope),
        write(scope, a),
        stumbling(scope),
        write(scope, b),
        write(scope, b),
        refused(scope),
        write(scope, c),
      ], now);

      const replies = settled.map((each) =>
        "error" in each
          ? (each.error as Error).message
          : [(each.reply as Written).rev, (each.reply as Written).seq]
      );
      const forbidden = new Problem("forbidden").message;
      assert.deepEqual(replies, [
        forbidden,
        [1, 1],
        "Stumbled",
        [2, 2],
        [2, 2],
        forbidden,
        [3, 3],
      ]);
      assert.deepEqual(events.map(({ rev }) => rev), [1, 2, 3]);
      const found = await stored(db, scope);
      assert.deepEqual(found.head, { rev: 3, lastSeq: 3 });
      assert.deepEqual(
        found.notes.map(({ noteId, seq, rev }) => [
          noteId,
          seq,
          rev,
        ]),
        [[a, 1, 1], [b, 2, 2], [c, 3, 3]],
      );
    },
  );

  await t.step("goes on from the numbers stored", async () => {
    const scope = newScope();
    for (const last of [1, 2, 3]) {
      await commitBatch(db, [write(scope, crypto.randomUUID())], now);
      const { head } = await stored(db, scope);
      assert.deepEqual(head, { rev: last, lastSeq: last });
    }
  });

  await t.step("shows each command what those before it did", async () => {
    const scope = newScope();
    const noteId = crypto.randomUUID();
    const seen: unknown[] = [];
    const look = () =>
      write(scope, noteId, {
        onDecide: (state, stored) =>
          seen.push([state.head(scope)?.rev, stored?.rev]),
      });
    await commitBatch(db, [look(), look()], now);
    assert.deepEqual(seen, [[undefined, undefined], [1, 1]]);
  });

  await t.step("counts each scope by itself", async () => {
    const [one, other] = [newScope(), newScope()];
    await commitBatch(db, [
      write(one, crypto.randomUUID()),
      write(other, crypto.randomUUID()),
      write(one, crypto.randomUUID()),
    ], now);
    assert.deepEqual((await stored(db, one)).head, { rev: 2, lastSeq: 2 });
    assert.deepEqual((await stored(db, other)).head, { rev: 1, lastSeq: 1 });
  });

  await t.step("that is all refused writes nothing", async () => {
    const scope = newScope();
    const { settled } = await commitBatch(db, [
      refused(scope),
      stumbling(scope),
      write(scope, crypto.randomUUID(), {
        onDecide: () => {
          throw new Error("Threw");
        },
      }),
    ], now);
    assert.ok(settled.every((each) => "error" in each));
    assert.deepEqual(await stored(db, scope), { head: undefined, notes: [] });
  });

  await t.step(
    "makes rows that were not there and changes those that were",
    async () => {
      const scope = newScope();
      const [old, fresh] = names(2) as [string, string];
      const calls: Record<string, string[]> = { insert: [], save: [] };
      const noted = (call: string) => (rows: readonly Note[]) => {
        calls[call]!.push(...rows.map(({ text }) => text));
        return notes.save(rows);
      };
      const notes = noteTable();
      const table = { ...notes, insert: noted("insert"), save: noted("save") };
      await commitBatch(db, [write(scope, old)], now);
      await commitBatch(db, [
        rewrite(scope, old, "changed", table),
        write(scope, fresh, { table }),
        rewrite(scope, fresh, "made and changed", table),
      ], now);
      assert.deepEqual(calls, {
        insert: ["made and changed"],
        save: ["changed"],
      });
      const found = await stored(db, scope);
      assert.deepEqual(found.notes.map(({ rev, text }) => [rev, text]), [
        [2, "changed"],
        [4, "made and changed"],
      ]);
    },
  );

  await t.step("that Postgres refuses has not happened at all", async () => {
    const scope = newScope();
    await assert.rejects(commitBatch(db, [
      write(scope, crypto.randomUUID()),
      write(scope, crypto.randomUUID(), { text: poison }),
    ], now));
    assert.deepEqual(await stored(db, scope), { head: undefined, notes: [] });
  });

  await t.step(
    "whose rows cannot be completed has not happened either",
    async () => {
      const scope = newScope();
      const noteId = crypto.randomUUID();
      await commitBatch(db, [write(scope, noteId)], now);
      const table = noteTable(() => Promise.reject(new Problem("unavailable")));
      await assert.rejects(
        commitBatch(db, [
          write(scope, crypto.randomUUID()),
          write(scope, noteId, { table }),
        ], now),
        { code: "unavailable" },
      );
      assert.deepEqual((await stored(db, scope)).head, { rev: 1, lastSeq: 1 });
      await commitBatch(db, [write(scope, crypto.randomUUID())], now);
    },
  );
});

Deno.test("changes: a full batch over Postgres", async (t) => {
  await using test = await testDatabase();
  const { database: db } = test;
  await prepareNotes(db);
  const announced: Announced[] = [];
  const changes = createChanges({
    db,
    announce: (events) => announced.push(...events),
    now: () => now,
  });

  await t.step("a poisonous command sinks only itself", async () => {
    const scopes = [newScope(), newScope(), newScope()];
    const warmUp = changes.submit(write(newScope(), crypto.randomUUID()));
    const batch = Array.from({ length: 250 }, (_, i) => {
      const text = i === 100 || i === 180 ? poison : "fine";
      return changes.submit(
        write(scopes[i % 3]!, crypto.randomUUID(), { text }),
      );
    });
    await warmUp;
    const settled = await Promise.allSettled(batch);
    const failed = settled.flatMap(({ status }, i) =>
      status === "rejected" ? [i] : []
    );
    assert.deepEqual(failed, [100, 180]);
    let kept = 0;
    for (const scope of scopes) {
      const found = await stored(db, scope);
      const revs = found.notes.map(({ rev }) => rev);
      assert.deepEqual(revs, upTo(found.notes.length));
      assert.equal(found.head?.rev, found.notes.length);
      assert.deepEqual(
        announced.flatMap((each) =>
          "chat" in each && each.chat === scope ? [each.rev] : []
        ),
        revs,
      );
      kept += revs.length;
    }
    assert.equal(kept, 248);
  });

  await t.step("one id in two scopes at once is given to one", async () => {
    const noteId = crypto.randomUUID();
    const settled = await Promise.allSettled(
      [newScope(), newScope()].map((scope) =>
        changes.submit(write(scope, noteId))
      ),
    );
    assert.deepEqual(
      settled.map((each) =>
        each.status === "rejected" ? each.reason.code : each.value.seq
      ).sort(),
      [1, "id_taken"].sort(),
    );
  });
  await changes.drained();
});

Deno.test("changes: many lanes on one database number without gaps", async () => {
  await using test = await testDatabase();
  const { database: db } = test;
  await prepareNotes(db);
  const lanes = Array.from(
    { length: 3 },
    () => createChanges({ db, announce: () => {}, now: () => now }),
  );
  const wish = fc.record({
    scope: fc.nat(3),
    lane: fc.nat(2),
    kind: fc.constantFrom("write", "write", "again", "refused", "poison"),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(wish, { maxLength: 60 }), async (wishes) => {
      const scopes = Array.from({ length: 4 }, newScope);
      const ids = names(3);
      const settled = await Promise.allSettled(
        wishes.map(({ scope, lane, kind }, i) => {
          const at = scopes[scope]!;
          const id = kind === "again" ? ids[i % 3]! : crypto.randomUUID();
          return lanes[lane]!.submit(
            kind === "refused"
              ? refused(at)
              : write(at, id, kind === "poison" ? { text: poison } : {}),
          );
        }),
      );
      const made = settled.flatMap((each) =>
        each.status === "fulfilled" && !each.value.duplicate ? [each.value] : []
      );
      let kept = 0;
      for (const scope of scopes) {
        const found = await stored(db, scope);
        assert.deepEqual(
          found.notes.map(({ rev, seq }) => [rev, seq]),
          upTo(found.notes.length).map((number) => [number, number]),
        );
        assert.equal(found.head?.rev ?? 0, found.notes.length);
        kept += found.notes.length;
      }
      assert.equal(kept, made.length, "every answer was stored, and no more");
    }),
    { numRuns: 15 },
  );
  await Promise.all(lanes.map((lane) => lane.drained()));
});

/** What happens in the middle of two transactions at once: the embedded database runs one at a time. */
const ignore = testServer === null;

Deno.test(
  "changes: of two lanes that make one scope at once, one decides again",
  {
    ignore,
  },
  async () => {
    await using test = await testDatabase();
    const { database: db } = test;
    await prepareNotes(db);
    const scope = newScope();
    // Before either writes, both have seen that the scope is not there.
    const table = noteTable(meeting(2));
    let decisions = 0;

    const replies = await Promise.all(
      ["a", "b"].map((name) =>
        createChanges({ db, announce: () => {}, now: () => now }).submit(
          write(scope, name, { table, onDecide: () => void decisions++ }),
        )
      ),
    );
    assert.deepEqual(replies.map(({ rev }) => rev).sort(), [1, 2]);
    assert.equal(decisions, 3, "the second to write decides twice");
    assert.deepEqual((await stored(db, scope)).head, { rev: 2, lastSeq: 2 });
  },
);

Deno.test("changes: of two lanes that store one id at once, one is refused", {
  ignore,
}, async () => {
  await using test = await testDatabase();
  const { database: db } = test;
  await prepareNotes(db);
  const scopes = [newScope(), newScope()];
  // Before either writes, both have seen that the id is free.
  const table = noteTable(meeting(2));

  const settled = await Promise.allSettled(
    scopes.map((scope) =>
      createChanges({ db, announce: () => {}, now: () => now }).submit(
        write(scope, "the same", { table }),
      )
    ),
  );
  const outcomes = settled.map((each) =>
    each.status === "fulfilled" ? "stored" : each.reason.code
  );
  assert.deepEqual(outcomes.sort(), ["id_taken", "stored"]);
  const found = await Promise.all(scopes.map((scope) => stored(db, scope)));
  assert.equal(found.flatMap((each) => each.notes).length, 1);
  assert.deepEqual(
    found.flatMap(({ head }) => head ? [head] : []),
    [{ rev: 1, lastSeq: 1 }],
    "the refused one took no number",
  );
});

/** Lets nobody through until so many have come; whoever comes later passes. */
function meeting(people: number) {
  const { promise, resolve } = Promise.withResolvers<void>();
  let here = 0;
  return async () => {
    if (++here === people) resolve();
    await promise;
  };
}
