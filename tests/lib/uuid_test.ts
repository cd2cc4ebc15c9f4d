import assert from "node:assert/strict";
import { uuidv7 } from "../../src/lib/uuid.ts";

Deno.test("uuidv7() makes UUIDs of version 7 that sort by time", () => {
  const early = uuidv7(() => 1_700_000_000_000);
  const late = uuidv7(() => 1_700_000_000_001);
  assert.match(early, /^018bcfe5-6800-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
  assert.match(late, /^018bcfe5-6801-7/);
});

Deno.test("uuidv7() does not repeat itself within a millisecond", () => {
  const ids = Array.from({ length: 1000 }, () => uuidv7(() => 1));
  assert.equal(new Set(ids).size, 1000);
});
