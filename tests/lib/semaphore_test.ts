import assert from "node:assert/strict";
import { createSemaphore } from "../../src/lib/semaphore.ts";

const full = () => new Error("full");

Deno.test("a semaphore runs so many at once, in order, and refuses one too many", async () => {
  const { run } = createSemaphore({ places: 2, waiting: 1, full });
  const begun: number[] = [];
  const gates = [0, 1, 2].map(() => Promise.withResolvers<void>());
  const runs = gates.map(({ promise }, i) =>
    run(() => {
      begun.push(i);
      return promise;
    })
  );
  await assert.rejects(run(() => Promise.resolve()), /full/);
  assert.deepEqual(begun, [0, 1]);
  gates[1]!.resolve();
  await runs[1];
  assert.deepEqual(begun, [0, 1, 2]);
  gates.forEach(({ resolve }) => resolve());
  await Promise.all(runs);
});

Deno.test("a semaphore gives the place of a failed work to the next", async () => {
  const { run } = createSemaphore({ places: 1, waiting: 1, full });
  const failing = run(() => Promise.reject(new Error("no")));
  const next = run(() => Promise.resolve("yes"));
  await assert.rejects(failing, /no/);
  assert.equal(await next, "yes");
  assert.equal(await run(() => Promise.resolve("again")), "again");
});
