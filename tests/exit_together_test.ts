import assert from "node:assert/strict";
import { exitTogether } from "../src/exit_together.ts";

/** Ends nothing, and tells that it was called. */
function fakeExit() {
  const { promise, resolve } = Promise.withResolvers<number>();
  const exit = (code: number) => {
    resolve(code);
    return undefined as never;
  };
  return { exit, exited: promise };
}

Deno.test("the exit waits for the last isolate that stops", async () => {
  const [first, second] = [fakeExit(), fakeExit()];
  using one = exitTogether(2, first.exit);
  using two = exitTogether(2, second.exit);
  let hasEnded = false;
  void first.exited.then(() => hasEnded = true);

  one.announce();
  two.announce();
  const done = one.whenAllAreDone();
  // Longer than the signal may take to reach everyone.
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.equal(hasEnded, false, "the second is still busy");
  const also = two.whenAllAreDone();
  assert.deepEqual(await Promise.all([first.exited, second.exited]), [0, 0]);
  await Promise.all([done, also]);
});

Deno.test("an isolate that is alone exits by itself", async () => {
  const { exit, exited } = fakeExit();
  using only = exitTogether(1, exit);
  only.announce();
  await only.whenAllAreDone();
  assert.equal(await exited, 0);
});
