import { isoTime } from "../../src/lib/iso_time.ts";
import assert from "node:assert/strict";

Deno.test("isoTime() writes each moment as it is, also after another and when one Date moves", () => {
  const date = new Date(Date.UTC(2025, 10, 5, 9, 41, 0, 7));
  const other = new Date(0);
  assert.equal(isoTime(date), "2025-11-05T09:41:00.007Z");
  assert.equal(isoTime(date), "2025-11-05T09:41:00.007Z");
  assert.equal(isoTime(other), "1970-01-01T00:00:00.000Z");
  date.setTime(1);
  assert.equal(isoTime(date), "1970-01-01T00:00:00.001Z");
  assert.throws(() => isoTime(new Date(NaN)), RangeError);
  assert.throws(() => isoTime(new Date(NaN)), RangeError);
});
