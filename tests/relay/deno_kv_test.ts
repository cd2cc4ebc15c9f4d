import assert from "node:assert/strict";
import { newKeyEntry } from "../../src/lib/key_list.ts";
import { entryKey } from "../../src/relay/deno_kv_keys.ts";
import { shardCount } from "../../src/relay/relay.ts";
import { relayConformance } from "./conformance.ts";
import { openStage } from "./deno_kv_stage.ts";
import { faultyKv } from "./faulty_kv.ts";
import { listen, news, testEnvelope } from "./listener.ts";
import { openWorkerRelay } from "./worker_relay.ts";

relayConformance("deno-kv", async () => {
  const stage = await openStage();
  const kv = faultyKv(stage.kv);
  return {
    here: stage.relay(),
    there: stage.relay({ kv, onFailure: () => {} }),
    interrupt() {
      kv.fault = new Error("Deno KV is away");
      kv.opensMute = true;
      kv.endWatches(kv.fault);
      return Promise.resolve(() => {
        kv.fault = undefined;
        kv.opensMute = false;
        // Those that were opened meanwhile stay mute.
        kv.endWatches();
        return Promise.resolve();
      });
    },
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  };
});

relayConformance("deno-kv across isolates", async () => {
  const stage = await openStage();
  const keys = newKeyEntry("k1");
  return {
    here: stage.relay({ envelope: testEnvelope(keys) }),
    there: stage.use(await openWorkerRelay(stage.path, keys)),
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  };
}, {
  "delivers what it took during an interruption, or tells of a gap":
    "the other isolate's Deno KV cannot be broken from here",
});

Deno.test("relay deno-kv: all shards are heard, in watches of at most ten keys", async () => {
  await using stage = await openStage();
  const kv = faultyKv(stage.kv);
  const relay = stage.relay({ kv });
  const listeners = await Promise.all(
    Array.from({ length: shardCount }, (_, shard) => listen(relay, shard)),
  );
  assert.equal(kv.watches.length, Math.ceil(shardCount / 10));
  assert.ok(kv.watches.every((keys) => keys <= 10));

  const first = listeners.map(() => news());
  await Promise.all(first.map((each, shard) => relay.publish(shard, [each])));
  await Promise.all(listeners.map((each, shard) => each.hears(first[shard]!)));

  const isStaying = (_: unknown, shard: number) => shard % 7 === 0;
  const staying = listeners.filter(isStaying);
  const leaving = listeners.filter((each) => !staying.includes(each));
  for (const each of leaving) await each[Symbol.asyncDispose]();
  const second = listeners.map(() => news());
  await Promise.all(second.map((each, shard) => relay.publish(shard, [each])));
  await Promise.all(
    staying.map((each, i) => each.hears(second.filter(isStaying)[i]!)),
  );
  assert.ok(leaving.every(({ heard }) => heard.length === 1));
  const watched = () => kv.watches.reduce((sum, keys) => sum + keys, 0);
  while (watched() > staying.length) await new Promise((r) => setTimeout(r, 5));
  assert.ok(listeners.every(({ gaps }) => gaps === 0));

  for (const each of staying) await each[Symbol.asyncDispose]();
  while (watched() > 0) await new Promise((r) => setTimeout(r, 5));
});

Deno.test("relay deno-kv: many isolates at once lose nothing, while shards come and go", async () => {
  await using stage = await openStage();
  const shards = Array.from({ length: 12 }, (_, shard) => shard);
  const listening = stage.relay();
  const listeners = await Promise.all(
    shards.map((shard) => listen(listening, shard)),
  );
  const publishers = await Promise.all(
    Array.from(
      { length: 4 },
      async () => stage.relay({ kv: await stage.openKv() }),
    ),
  );

  let isOver = false;
  const comingAndGoing = (async () => {
    for (let i = 0; !isOver; i++) {
      await using _ = await listen(listening, 20 + i % 15);
    }
  })();
  const sent = publishers.map(() => shards.map((): string[] => []));
  await Promise.all(publishers.map(async (publisher, p) => {
    for (let round = 0; round < 60; round++) {
      await Promise.all(shards.map(async (shard) => {
        const batch = Array.from({ length: 3 }, () => news("x".repeat(300)));
        sent[p]![shard]!.push(...batch.map(({ id }) => id));
        await publisher.publish(shard, batch);
      }));
    }
  }));

  for (const [shard, listener] of listeners.entries()) {
    const all = sent.flatMap((of) => of[shard]!);
    await listener.until(() => listener.heard.length >= all.length);
    const heard = listener.heard.map(({ id }) => id);
    assert.deepEqual(heard.toSorted(), all.toSorted());
    // What one isolate says stays in order.
    for (const of of sent) {
      const mine = new Set(of[shard]!);
      assert.deepEqual(heard.filter((id) => mine.has(id)), of[shard]!);
    }
    assert.equal(listener.gaps, 0);
  }
  isOver = true;
  await comingAndGoing;
});

Deno.test("relay deno-kv: a large batch arrives whole, one event too large for an entry is left out", async () => {
  await using stage = await openStage();
  const relay = stage.relay();
  await using listener = await listen(relay, 1);
  const many = Array.from({ length: 3000 }, () => news("x".repeat(500)));
  await relay.publish(1, many);
  await listener.hears(...many);
  assert.deepEqual(listener.heard, many);

  const [small, large] = [news(), news("x".repeat(70_000))];
  await relay.publish(1, [small, large]);
  await listener.hears(small, large);
  const { event: _event, ...rest } = large;
  assert.deepEqual(listener.heard.slice(-2), [small, rest]);
});

Deno.test("relay deno-kv: entries are given a limited life", async () => {
  await using stage = await openStage();
  const kv = faultyKv(stage.kv);
  const relay = stage.relay({ kv, expireMs: 12_345 });
  await relay.publish(1, [news()]);
  assert.deepEqual(kv.lives, [12_345]);
});

Deno.test("relay deno-kv: nothing readable lies in the database", async () => {
  await using stage = await openStage();
  const relay = stage.relay();
  const sent = news("the eagle has landed");
  await relay.publish(1, [sent]);
  const [entry] = await Array.fromAsync(
    stage.kv.list<string>({ prefix: entryKey(1, "").slice(0, -1) }),
  );
  assert.match(entry!.value, /^[\x21-\x2b\x2d-\x7e]+$/);
  for (const secret of ["eagle", sent.scopeId, "chat.updated"]) {
    assert.ok(!entry!.value.includes(secret));
  }
  await using _ = await listen(relay, 1);
});
