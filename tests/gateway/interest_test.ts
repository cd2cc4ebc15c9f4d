import assert from "node:assert/strict";
import { createInterest } from "../../src/gateway/interest.ts";
import type { Relay } from "../../src/relay/relay.ts";
import { shardOf } from "../../src/relay/relay.ts";
import { createGate } from "./gate.ts";
import { newChat } from "./news.ts";

/** An interest over a relay that counts, and refuses where `refuse` says so. */
function stage(
  {
    refuse = () => Promise.resolve(false) as Promise<boolean>,
    patienceMs = 60_000,
    retryMs = 1_000_000,
    now = (): number => 0,
  } = {},
) {
  const open: number[] = [];
  let gaps = 0;
  const complaints: string[] = [];
  let tries = 0;
  const relay: Pick<Relay, "subscribe"> = {
    async subscribe(shard) {
      tries++;
      if (await refuse()) throw new Error("The relay is away");
      open.push(shard);
      return {
        [Symbol.asyncDispose]() {
          open.splice(open.indexOf(shard), 1);
          return Promise.resolve();
        },
      };
    },
  };
  const interest = createInterest({
    relay,
    on: () => {},
    onGap: () => gaps++,
    onFailure: (error) => complaints.push((error as Error).message),
    patienceMs,
    retryMs,
    now,
  });
  return {
    interest,
    open,
    complaints,
    tries: () => tries,
    gaps: () => gaps,
  };
}

/** Two chats of one shard. */
function neighbours() {
  const one = newChat();
  for (;;) {
    const other = newChat();
    if (shardOf(other) === shardOf(one)) return [one, other] as const;
  }
}

const away = () => Promise.resolve(true);
/** Lets everything go on that waits for nothing but its turn. */
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("a shard is subscribed to once, and left with its last scope", async () => {
  const { interest, open } = stage();
  const [one, other] = neighbours();
  await interest.take([one], [one]);
  await interest.take([other], [one, other]);
  assert.deepEqual(open, [shardOf(one)]);
  interest.drop(one);
  await turn();
  assert.deepEqual(open, [shardOf(one)]);
  interest.drop(other);
  await turn();
  assert.deepEqual(open, []);
  assert.equal(interest.shards, 0);
});

Deno.test("a relay that refuses is reported, and asked again by the next listener", async () => {
  let isAway = true;
  const { interest, open, complaints } = stage({
    refuse: () => Promise.resolve(isAway),
  });
  const [one, other] = neighbours();
  await interest.take([one], [one]);
  assert.deepEqual(open, []);
  assert.deepEqual([...new Set(complaints)], ["The relay is away"]);
  isAway = false;
  await interest.take([other], [other]);
  assert.deepEqual(open, [shardOf(one)]);
  await interest[Symbol.asyncDispose]();
});

Deno.test("several who wait for a shard that was refused make one subscription", async () => {
  const gate = createGate();
  let refusals = 1;
  const { interest, open } = stage({
    async refuse() {
      await gate.pass();
      return refusals-- > 0;
    },
  });
  const [one, other] = neighbours();
  const both = [interest.take([one], [one]), interest.take([other], [other])];
  gate.open();
  await Promise.all(both);
  assert.deepEqual(open, [shardOf(one)]);
  interest.drop(one);
  interest.drop(other);
  await turn();
  assert.deepEqual(open, []);
});

Deno.test("a shard that nobody listens to any more is not asked for again", async () => {
  const gate = createGate();
  const { interest, tries } = stage({
    async refuse() {
      await gate.pass();
      return true;
    },
  });
  const one = newChat();
  const taken = interest.take([one], [one]);
  interest.drop(one);
  gate.open();
  await taken;
  assert.equal(tries(), 1);
  assert.equal(interest.shards, 0);
});

Deno.test("a shard left while it is being subscribed to is let go", async () => {
  const gate = createGate();
  const { interest, open } = stage({
    async refuse() {
      await gate.pass();
      return false;
    },
  });
  const one = newChat();
  const taken = interest.take([one], [one]);
  interest.drop(one);
  gate.open();
  await taken;
  await turn();
  assert.deepEqual(open, []);
});

Deno.test("a relay that stays away rejects nothing", async () => {
  const { interest, complaints } = stage({ refuse: away });
  const one = newChat();
  await interest.take([one], [one]);
  assert.equal(interest.shards, 1);
  assert.equal(complaints.length, 2);
  await interest[Symbol.asyncDispose]();
});

Deno.test("a relay that does not answer holds nobody up, and is a gap until it does", async () => {
  const gate = createGate();
  const { interest, open, gaps } = stage({
    async refuse() {
      await gate.pass();
      return false;
    },
    patienceMs: 1,
  });
  const chat = newChat();
  await interest.take([chat], [chat]);
  assert.deepEqual([open, gaps()], [[], 0]);
  gate.open();
  await turn();
  assert.deepEqual([open, gaps()], [[shardOf(chat)], 1]);
});

Deno.test("a shard that was refused is tried again by itself, and is a gap until then", async () => {
  let isAway = true;
  const { interest, open, gaps } = stage({
    refuse: () => Promise.resolve(isAway),
    retryMs: 1,
  });
  const chat = newChat();
  await interest.take([chat], [chat]);
  assert.deepEqual(open, []);
  isAway = false;
  while (gaps() === 0) await turn();
  assert.deepEqual(open, [shardOf(chat)]);
  interest.drop(chat);
});

Deno.test("a scope is heard from when its shard is subscribed to until it is left, and anew after", async () => {
  const gate = createGate();
  let ms = 1;
  const { interest } = stage({
    async refuse() {
      await gate.pass();
      return false;
    },
    now: () => ms,
  });
  const [one, other] = neighbours();
  const subscribed = interest.take([one], [one]);
  await gate.reached;
  assert.equal(interest.heardSince(one), undefined, "while it is asked for");
  gate.open();
  ms = 2;
  await subscribed;
  assert.equal(interest.heardSince(one), 2);
  ms = 3;
  await interest.take([other], [other]);
  assert.equal(interest.heardSince(other), 2, "the shard's other scope");
  interest.drop(one);
  interest.drop(other);
  assert.equal(interest.heardSince(one), undefined);
  await interest.take([one], [one]);
  assert.equal(interest.heardSince(one), 3);
  await interest[Symbol.asyncDispose]();
});

Deno.test("a shard that was refused is not heard", async () => {
  const { interest } = stage({ refuse: away });
  const chat = newChat();
  await interest.take([chat], [chat]);
  assert.equal(interest.heardSince(chat), undefined);
  await interest[Symbol.asyncDispose]();
});
