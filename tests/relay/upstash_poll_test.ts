import assert from "node:assert/strict";
import { startPoll } from "../../src/relay/upstash_poll.ts";
import { holdPause } from "./held_pause.ts";

/** A poll from 10 to 80 ms; the test says what it finds, and when. */
function heldPoll() {
  const held = holdPause();
  const found = { news: false, spare: false, looks: 0 };
  const poll = startPoll({
    look() {
      found.looks++;
      return Promise.resolve(found.news);
    },
    isSpare: () => found.spare,
    pollMs: [10, 80],
    pause: held.pause,
  });
  /** Ends the wait under way; how long it was to be. */
  async function next(): Promise<number> {
    const ms = held.waitMs!;
    await held.advance(ms);
    return ms;
  }
  return { held, found, poll, next };
}

Deno.test("the poll slows down while all is quiet, and hurries after news", async () => {
  const { held, found, poll, next } = heldPoll();
  await using _ = poll;
  const waits = [];
  for (let i = 0; i < 5; i++) waits.push(await next());
  assert.deepEqual(waits, [10, 20, 40, 80, 80]);
  found.news = true;
  assert.equal(await next(), 80);
  found.news = false;
  assert.equal(await next(), 10);
  assert.equal(await next(), 20);
  assert.equal(found.looks, 8);
  assert.equal(held.waitMs, 40);
});

Deno.test("the poll is slow while it is spare", async () => {
  const { found, poll, next } = heldPoll();
  await using _ = poll;
  found.spare = true;
  await next();
  found.news = true;
  assert.equal(await next(), 80);
  assert.equal(await next(), 80);
});

Deno.test("the poll hurries when it is told to, even if spare, without looking at once", async () => {
  const { held, found, poll, next } = heldPoll();
  await using _ = poll;
  found.spare = true;
  for (let i = 0; i < 5; i++) await next();
  poll.hasten();
  await held.advance(0);
  assert.equal(found.looks, 5);
  assert.equal(await next(), 10);
  assert.equal(found.looks, 6);
  assert.equal(await next(), 80);
});

Deno.test("the poll ends in the middle of a wait", async () => {
  const { held, found, poll } = heldPoll();
  await poll[Symbol.asyncDispose]();
  assert.equal(found.looks, 0);
  assert.equal(held.waitMs, undefined);
});
