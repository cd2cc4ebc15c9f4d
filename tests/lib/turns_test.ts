import assert from "node:assert/strict";
import { createTurns } from "../../src/lib/turns.ts";

Deno.test("each key has its own turns, and what is too much is refused", async () => {
  const turns = createTurns({
    places: 1,
    waiting: 1,
    full: () => new Error("Full"),
  });
  const gate = Promise.withResolvers<void>();
  const began: string[] = [];
  const take = (key: string, name: string) =>
    turns(key, async () => {
      began.push(name);
      await gate.promise;
      return name;
    });

  const works = [take("a", "a1"), take("a", "a2"), take("b", "b1")];
  await assert.rejects(take("a", "a3"), /Full/);
  assert.deepEqual(began, ["a1", "b1"]);
  gate.resolve();
  assert.deepEqual(await Promise.all(works), ["a1", "a2", "b1"]);
  assert.equal(await take("a", "a4"), "a4");
});

Deno.test("work that fails gives its turn back", async () => {
  const turns = createTurns({ places: 1, waiting: 0, full: () => new Error() });
  await assert.rejects(turns("a", () => Promise.reject(new Error("Broken"))));
  assert.equal(await turns("a", () => Promise.resolve(1)), 1);
});
