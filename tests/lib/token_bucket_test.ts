import assert from "node:assert/strict";
import { createTokenBucket } from "../../src/lib/token_bucket.ts";

Deno.test("a token bucket lets a burst through, then tells how long to wait", () => {
  let now = 0;
  const bucket = createTokenBucket({ burst: 2, perSecond: 4 }, () => now);
  assert.deepEqual([bucket.take(), bucket.take(), bucket.take()], [0, 0, 250]);
  now = 200;
  assert.equal(bucket.take(), 50);
  now = 250;
  assert.equal(bucket.take(), 0);
  now = 1_000_000;
  assert.deepEqual([bucket.take(), bucket.take(), bucket.take()], [0, 0, 250]);
});

Deno.test("a token bucket gives several tokens at once, or none of them", () => {
  const bucket = createTokenBucket({ burst: 5, perSecond: 2 }, () => 0);
  assert.deepEqual([bucket.take(3), bucket.take(4), bucket.take(2)], [
    0,
    1000,
    0,
  ]);
  assert.equal(bucket.take(0), 0, "nothing is always there");
});

Deno.test("a token bucket takes a token back, and no more than it holds", () => {
  const bucket = createTokenBucket({ burst: 1, perSecond: 1 }, () => 0);
  bucket.giveBack();
  assert.equal(bucket.take(), 0);
  bucket.giveBack();
  assert.deepEqual([bucket.take(), bucket.take()], [0, 1000]);
});

Deno.test("a token bucket bears a clock that steps back", () => {
  let now = 1000;
  const bucket = createTokenBucket({ burst: 1, perSecond: 1 }, () => now);
  bucket.take();
  now = 0;
  assert.equal(bucket.take(), 1000);
});
