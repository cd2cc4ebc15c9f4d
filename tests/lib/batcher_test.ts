import assert from "node:assert/strict";
import { createBatcher } from "../../src/lib/batcher.ts";

/** A batcher whose batches wait for the test to answer them. */
function heldBatcher(
  { batchSize = 3, waiting = 100, gatherTurn = false } = {},
) {
  interface Batch {
    readonly items: string[];
    answer(): void;
    fail(error: unknown): void;
  }
  const batches: Batch[] = [];
  const submit = createBatcher<string, string>((items) => {
    const { promise, resolve, reject } = Promise.withResolvers<string[]>();
    batches.push({
      items,
      answer: () => resolve(items.map((item) => `did ${item}`)),
      fail: reject,
    });
    return promise;
  }, { batchSize, waiting, gatherTurn, refuse: () => new Error("Full") });
  return { submit, batches };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("batcher: the first goes at once, the others gather behind it", async () => {
  const { submit, batches } = heldBatcher();
  const results = ["a", "b", "c"].map(submit);
  assert.deepEqual(batches.map(({ items }) => items), [["a"]]);
  batches[0]!.answer();
  await turn();
  assert.deepEqual(batches.map(({ items }) => items), [["a"], ["b", "c"]]);
  batches[1]!.answer();
  assert.deepEqual(await Promise.all(results), ["did a", "did b", "did c"]);
});

Deno.test("batcher: those of one turn go together, when told to", async () => {
  const { submit, batches } = heldBatcher({ gatherTurn: true });
  const results = ["a", "b"].map(submit);
  assert.equal(batches.length, 0);
  await turn();
  results.push(submit("c"), submit("d"));
  assert.deepEqual(batches.map(({ items }) => items), [["a", "b"]]);
  batches[0]!.answer();
  await turn();
  assert.deepEqual(batches.map(({ items }) => items), [["a", "b"], ["c", "d"]]);
  batches[1]!.answer();
  await Promise.all(results);
});

Deno.test("batcher: a batch has a size, and never two run at once", async () => {
  const { submit, batches } = heldBatcher({ batchSize: 2 });
  const items = ["a", "b", "c", "d", "e"];
  const results = items.map(submit);
  for (let i = 0; i < batches.length; i++) {
    await turn();
    assert.equal(batches.length, i + 1);
    batches[i]!.answer();
    await turn();
  }
  assert.deepEqual(batches.map(({ items }) => items), [["a"], ["b", "c"], [
    "d",
    "e",
  ]]);
  assert.deepEqual(
    await Promise.all(results),
    items.map((item) => `did ${item}`),
  );
});

Deno.test("batcher: a failed batch fails its own items and no others", async () => {
  const { submit, batches } = heldBatcher();
  const results = ["a", "b", "c"].map((item) =>
    submit(item).catch((error: Error) => error.message)
  );
  batches[0]!.answer();
  await turn();
  batches[1]!.fail(new Error("Away"));
  assert.deepEqual(await Promise.all(results), ["did a", "Away", "Away"]);
  const after = submit("d");
  batches[2]!.answer();
  assert.equal(await after, "did d");
});

Deno.test("batcher: work that throws instead of rejecting fails its items", async () => {
  const submit = createBatcher<string, string>(() => {
    throw new Error("Threw");
  }, { batchSize: 3, waiting: 3, refuse: () => new Error("Full") });
  await assert.rejects(submit("a"), /Threw/);
  await assert.rejects(submit("b"), /Threw/);
});

Deno.test("batcher: past the bound a newcomer is refused, and nobody else", async () => {
  const { submit, batches } = heldBatcher({ waiting: 2 });
  const results = ["a", "b", "c"].map(submit);
  await assert.rejects(submit("d"), /Full/);
  batches[0]!.answer();
  await turn();
  const late = submit("e");
  batches[1]!.answer();
  await turn();
  batches[2]!.answer();
  assert.deepEqual(await Promise.all([...results, late]), [
    "did a",
    "did b",
    "did c",
    "did e",
  ]);
});
