import assert from "node:assert/strict";
import { createSubscriptions } from "../../src/relay/subscriptions.ts";
import { news } from "./listener.ts";

/** Subscriptions over a relay that hears a shard when it is told to. */
function stage(patienceMs = 60_000) {
  const arming = new Map<number, () => void>();
  const log: string[] = [];
  const failures: unknown[] = [];
  const subscriptions = createSubscriptions({
    arm(shard) {
      log.push(`arm ${shard}`);
      return new Promise((resolve) => arming.set(shard, resolve));
    },
    disarm: (shard) => void log.push(`disarm ${shard}`),
    onFailure: (error) => failures.push(error),
    patienceMs,
  });
  return {
    ...subscriptions,
    get shards() {
      return subscriptions.shards;
    },
    log,
    failures,
    hear: (shard: number) => arming.get(shard)!(),
  };
}
const nothing = () => {};

Deno.test("subscriptions: a shard is armed with the first and let go with the last", async () => {
  const { log, ...relay } = stage();
  const both = [1, 1].map((shard) => relay.subscribe(shard, nothing, nothing));
  relay.hear(1);
  const [first, second] = await Promise.all(both);
  const third = await relay.subscribe(1, nothing, nothing);
  for (const each of [first!, second!, first!, first!]) {
    await each[Symbol.asyncDispose]();
  }
  assert.deepEqual(log, ["arm 1"]);
  await third[Symbol.asyncDispose]();
  await third[Symbol.asyncDispose]();
  assert.deepEqual(log, ["arm 1", "disarm 1"]);
  const again = relay.subscribe(1, nothing, nothing);
  relay.hear(1);
  await again;
  // One that is left twice must not take the place of another.
  await third[Symbol.asyncDispose]();
  assert.deepEqual(log, ["arm 1", "disarm 1", "arm 1"]);
});

Deno.test("subscriptions: subscribe resolves once the shard is heard, and without a gap", async () => {
  const relay = stage();
  let gaps = 0;
  let isIn = false;
  const entering = relay.subscribe(1, nothing, () => gaps++)
    .then(() => isIn = true);
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(isIn, false);
  relay.hear(1);
  await entering;
  assert.equal(gaps, 0);
});

Deno.test("subscriptions: who has waited long enough goes on, and hears of the gap in time", async () => {
  const relay = stage(1);
  const gaps: string[] = [];
  const gap = (who: string) => () => void gaps.push(who);
  const leaving = await relay.subscribe(1, nothing, gap("leaving"));
  await relay.subscribe(1, nothing, gap("staying"));
  await leaving[Symbol.asyncDispose]();
  assert.deepEqual(gaps, []);
  relay.hear(1);
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(gaps, ["staying"]);
  await relay.subscribe(1, nothing, gap("later"));
  assert.deepEqual(gaps, ["staying"]);
});

Deno.test("subscriptions: one who fails keeps nothing from the others", async () => {
  const relay = stage();
  const heard: string[] = [];
  const fault = new Error("I cannot take it");
  const fail = () => {
    throw fault;
  };
  const all = [
    relay.subscribe(1, fail, fail),
    relay.subscribe(1, (batch) => heard.push(batch[0]!.id), nothing),
  ];
  relay.hear(1);
  await Promise.all(all);
  const sent = news();
  relay.deliver(1, [sent]);
  relay.gap(1);
  assert.deepEqual(heard, [sent.id]);
  assert.deepEqual(relay.failures, [fault, fault]);
});

Deno.test("subscriptions: who is left out by another's reaction hears nothing more", async () => {
  const relay = stage();
  const heard: string[] = [];
  const all = [
    relay.subscribe(1, () => void second!.then(leave), nothing),
    relay.subscribe(1, () => {
      heard.push("second");
    }, nothing),
  ];
  const [, second] = all;
  const leave = (each: AsyncDisposable) => each[Symbol.asyncDispose]();
  relay.hear(1);
  await Promise.all(all);
  relay.deliver(1, [news()]);
  await new Promise((resolve) => setTimeout(resolve));
  relay.deliver(1, [news()]);
  assert.deepEqual(heard, ["second"]);
});

Deno.test("subscriptions: the end lets go of everyone, also of those who wait", async () => {
  const relay = stage();
  let heard = 0;
  const waiting = relay.subscribe(1, () => heard++, () => heard++);
  relay.end();
  await (await waiting)[Symbol.asyncDispose]();
  relay.deliver(1, [news()]);
  relay.gap(1);
  assert.equal(heard, 0);
  assert.deepEqual(relay.shards, []);
  await assert.rejects(relay.subscribe(1, nothing, nothing), /closed/);
});
