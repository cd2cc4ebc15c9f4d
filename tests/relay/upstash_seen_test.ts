import assert from "node:assert/strict";
import { createSeen } from "../../src/relay/upstash_seen.ts";

Deno.test("what was seen lately is known, and what was seen long ago is not", () => {
  const limit = 10;
  const wasSeen = createSeen(limit);
  const ids = Array.from({ length: 5 * limit }, (_, i) => `id${i}`);
  for (const [i, id] of ids.entries()) {
    assert.equal(wasSeen(id), false);
    for (const recent of ids.slice(Math.max(0, i - limit + 1), i + 1)) {
      assert.equal(wasSeen(recent), true, `${recent} after ${id}`);
    }
  }
  assert.equal(wasSeen(ids[0]!), false);
});
