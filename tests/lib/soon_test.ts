import assert from "node:assert/strict";
import { createSoon } from "../../src/lib/soon.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("what many ask for at once is done at once, and once more for those that came after", async () => {
  let done = 0;
  const second = Promise.withResolvers<void>();
  using ask = createSoon(() => ++done === 2 && second.resolve(), 20);
  ask();
  assert.equal(done, 1);
  for (let i = 0; i < 100; i++) ask();
  assert.equal(done, 1);
  await second.promise;
  await pause(60);
  assert.equal(done, 2, "nobody has asked since");
  ask();
  assert.equal(done, 3);
});
