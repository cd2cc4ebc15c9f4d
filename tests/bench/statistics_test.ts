import assert from "node:assert/strict";
import { median, percentile } from "./statistics.ts";

Deno.test("percentile() is the smallest sample that the share does not exceed", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  assert.equal(percentile(hundred, 0.5), 50);
  assert.equal(percentile(hundred, 0.99), 99);
  assert.equal(percentile(hundred, 1), 100);
  assert.equal(percentile([7], 0.99), 7);
  assert.equal(percentile([], 0.5), NaN);
});

Deno.test("median() lies between the middle two, and one outlier does not move it", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([1, 2, 3, 4]), 2.5);
  assert.equal(median([10, 11, 9000]), 11);
  assert.equal(median([]), NaN);
});
