import assert from "node:assert/strict";
import { pause } from "../../src/relay/pause.ts";

const hour = { baseMs: 3_600_000, capMs: 3_600_000 };

Deno.test("pause: the signal ends it, before and while it lasts", async () => {
  const stop = new AbortController();
  const pauses = Array.from({ length: 20 }, () => pause(3, hour, stop.signal));
  stop.abort();
  await Promise.all(pauses);
  await pause(3, hour, stop.signal);
});

Deno.test("pause: it ends by itself, however many attempts there were", async () => {
  const { signal } = new AbortController();
  for (const attempt of [0, 1, 30, 10_000]) {
    await pause(attempt, { baseMs: 1, capMs: 2 }, signal);
  }
  assert.equal(signal.aborted, false);
});
