import assert from "node:assert/strict";
import { startBell } from "../../src/relay/upstash_bell.ts";
import { holdPause } from "./held_pause.ts";

/** A bell over streams that the test speaks for and ends, in a time that it holds. */
function heldBell(random = 0) {
  const held = holdPause();
  const told: string[] = [];
  let say: (kind: string, payload: string) => void;
  let end: (error?: Error) => void;
  const bell = startBell({
    client: {
      subscribe(_channel, signal, on) {
        told.push("subscribe");
        say = on;
        const stream = Promise.withResolvers<void>();
        end = (error) => error ? stream.reject(error) : stream.resolve();
        signal.addEventListener("abort", () => stream.resolve());
        return stream.promise;
      },
      publish(_channel, payload) {
        told.push(payload);
        return Promise.resolve();
      },
    },
    onRing: (shards) => void told.push(`ring ${shards}`),
    onArmed: () => void told.push("armed"),
    onSilence: () => void told.push("silence"),
    onFailure: (error) => void told.push((error as Error).message),
    beatMs: 100,
    answerMs: 50,
    retryMs: [10, 40],
    random: () => random,
    now: held.now,
    pause: held.pause,
  });
  return {
    bell,
    held,
    async says(kind: string, payload: string) {
      say(kind, payload);
      await held.advance(0);
    },
    async ends(error?: Error) {
      end(error);
      await held.advance(0);
    },
    /** What happened since the last call. */
    told: () => told.splice(0),
  };
}

Deno.test("the bell is live from when its subscription is confirmed, and rings for shards", async () => {
  const { bell, says, told } = heldBell();
  await using _ = bell;
  assert.equal(bell.isLive, false);
  await says("subscribe", "1");
  assert.equal(bell.isLive, true);
  await says("message", "3 17");
  await says("message", "beat");
  assert.deepEqual(told(), ["subscribe", "armed", "ring 3,17", "ring "]);
});

Deno.test("the bell beats after silence, and any sign of life will do instead", async () => {
  const { bell, held, says, told } = heldBell(0.5);
  await using _ = bell;
  await says("subscribe", "1");
  told();
  for (let i = 0; i < 5; i++) {
    await held.advance(149);
    await says("message", "beat");
  }
  assert.deepEqual(new Set(told()), new Set(["ring "]));
  await held.advance(150);
  assert.deepEqual(told(), ["beat"]);
  await held.advance(49);
  await says("message", "beat");
  await held.advance(149);
  assert.deepEqual(told(), ["ring "]);
  assert.equal(bell.isLive, true);
});

Deno.test("the bell that does not hear itself subscribes again", async () => {
  const { bell, held, says, told } = heldBell();
  await using _ = bell;
  await says("subscribe", "1");
  told();
  await held.advance(100);
  await held.advance(50);
  assert.equal(bell.isLive, false);
  await held.advance(10);
  assert.deepEqual(told(), [
    "beat",
    "Upstash's doorbell has gone silent",
    "silence",
    "subscribe",
  ]);
  await says("subscribe", "1");
  assert.equal(bell.isLive, true);
});

Deno.test("the bell in doubt makes sure at once", async () => {
  const { bell, held, says, told } = heldBell();
  await using _ = bell;
  await says("subscribe", "1");
  told();
  bell.doubt();
  await held.advance(0);
  assert.deepEqual(told(), ["beat"]);
  assert.equal(bell.isLive, false);
  await says("message", "beat");
  assert.equal(bell.isLive, true);
});

Deno.test("the bell tries ever more seldom while its stream breaks, and afresh once it stood", async () => {
  const { bell, held, says, ends, told } = heldBell();
  await using _ = bell;
  const waits = [];
  for (let i = 0; i < 4; i++) {
    await ends(new Error("Broken"));
    waits.push(held.waitMs!);
    await held.advance(held.waitMs!);
  }
  assert.deepEqual(waits, [10, 20, 40, 40]);
  told();
  await says("subscribe", "1");
  await ends();
  assert.deepEqual(told(), [
    "armed",
    "Upstash has ended the doorbell's stream",
    "silence",
  ]);
  assert.equal(held.waitMs, 10);
});

Deno.test("the bell ends whatever it waits for", async () => {
  for (const state of ["subscribing", "listening", "waiting to try again"]) {
    const { bell, held, says, ends } = heldBell();
    if (state === "listening") await says("subscribe", "1");
    if (state === "waiting to try again") await ends();
    await bell[Symbol.asyncDispose]();
    assert.equal(held.waitMs, undefined);
  }
});
