import assert from "node:assert/strict";
import { retryStale, Stale } from "../../src/changes/mod.ts";
import { Problem } from "../../src/protocol/problem.ts";

/** What came of it when the looks end like this, one after the other, and how many there were. */
async function looked(...ends: readonly (Problem | "done")[]) {
  let looks = 0;
  const end = await retryStale(() => {
    const end = ends[looks++]!;
    return end === "done" ? Promise.resolve(end) : Promise.reject(end);
  }).catch((error: unknown) => error);
  return { end, looks };
}

Deno.test("retryStale() looks again where the look was stale", async () => {
  const stale = new Stale("Changed meanwhile");
  assert.deepEqual(await looked(stale, stale, "done"), {
    end: "done",
    looks: 3,
  });
});

Deno.test("retryStale() gives up after three looks", async () => {
  const stale = new Stale("Changed meanwhile");
  const { end, looks } = await looked(stale, stale, stale, "done");
  assert.deepEqual([end === stale, looks], [true, 3]);
});

Deno.test("retryStale() does not press an overloaded service", async () => {
  const busy = new Problem("unavailable", { retryAfterMs: 1000 });
  const { end, looks } = await looked(busy, "done");
  assert.deepEqual([end === busy, looks], [true, 1]);
});
