import assert from "node:assert/strict";
import { createDenoKvRelay } from "../../src/relay/deno_kv.ts";
import { bellKey, entryKey } from "../../src/relay/deno_kv_keys.ts";
import { envelope, openStage } from "./deno_kv_stage.ts";
import { faultyKv } from "./faulty_kv.ts";
import { listen, news, testEnvelope } from "./listener.ts";

Deno.test("relay deno-kv: one who reads after entries have expired is told of a gap", async () => {
  await using stage = await openStage();
  const kv = faultyKv(stage.kv);
  const slow = stage.relay({ kv });
  const fast = stage.relay();
  await using listener = await listen(slow, 1);
  await using witness = await listen(fast, 1);
  const held = kv.holdReads();
  const sent = [news(), news(), news(), news()];
  for (const each of sent) await fast.publish(1, [each]);
  await held;
  await witness.hears(...sent);

  // What expiry does, once the database comes to it.
  const entries = await Array.fromAsync(
    stage.kv.list({ prefix: entryKey(1, "").slice(0, -1) }),
  );
  assert.equal(entries.length, sent.length);
  for (const { key } of entries.slice(0, 2)) await stage.kv.delete(key);
  kv.allowReads();
  await listener.hears(...sent.slice(2));
  await listener.hearsOfGap();
  const next = [news(), news()];
  await fast.publish(1, [next[0]!]);
  await listener.hears(next[0]!);
  const { gaps } = listener;
  await fast.publish(1, [next[1]!]);
  await listener.hears(next[1]!);
  assert.equal(listener.gaps, gaps);
  assert.deepEqual(listener.heard, [...sent.slice(2), ...next]);
  assert.equal(witness.gaps, 0);
});

Deno.test("relay deno-kv: where all entries have expired, there is a gap and then it goes on", async () => {
  await using stage = await openStage();
  const kv = faultyKv(stage.kv);
  const relay = stage.relay({ kv });
  await using listener = await listen(relay, 1);
  const held = kv.holdReads();
  await relay.publish(1, [news()]);
  await held;
  for await (
    const { key } of stage.kv.list({ prefix: entryKey(1, "").slice(0, -1) })
  ) await stage.kv.delete(key);
  kv.allowReads();
  await listener.hearsOfGap();
  const next = news();
  await relay.publish(1, [next]);
  await listener.hears(next);
  assert.equal(listener.gaps, 1);
});

Deno.test("relay deno-kv: it goes on where the database was emptied", async () => {
  await using stage = await openStage();
  const relay = stage.relay();
  await using listener = await listen(relay, 1);
  const before = [news(), news(), news()];
  for (const each of before) await relay.publish(1, [each]);
  await listener.hears(...before);
  for await (const { key } of stage.kv.list({ prefix: ["parley"] })) {
    await stage.kv.delete(key);
  }
  const after = [news(), news()];
  await relay.publish(1, [after[0]!]);
  await listener.hears(after[0]!);
  await listener.hearsOfGap();
  await relay.publish(1, [after[1]!]);
  await listener.hears(after[1]!);
  assert.equal(listener.gaps, 1);
});

Deno.test("relay deno-kv: a watch that fails or ends is opened again, and what came meanwhile is heard", async () => {
  await using stage = await openStage();
  const kv = faultyKv(stage.kv);
  const failures: string[] = [];
  const deaf = stage.relay({
    kv,
    onFailure: (error) => failures.push((error as Error).message),
  });
  const other = stage.relay();
  await using listener = await listen(deaf, 1);
  for (const error of [new Error("The network is gone"), undefined]) {
    kv.endWatches(error);
    const sent = news();
    await other.publish(1, [sent]);
    await listener.hears(sent);
    await listener.hearsOfGap();
  }
  assert.deepEqual(failures, [
    "The network is gone",
    "A watch of Deno KV has ended",
  ]);
  assert.equal(listener.heard.length, 2);
});

Deno.test("relay deno-kv: a watch that falls silent is opened anew in time", async () => {
  await using stage = await openStage();
  const kv = faultyKv(stage.kv);
  const relay = stage.relay({ kv, renewMs: 200 });
  await using listener = await listen(relay, 1);
  kv.muteWatches();
  const sent = news();
  await relay.publish(1, [sent]);
  await listener.hears(sent);
  assert.ok(kv.opened > 1);
  assert.equal(listener.gaps, 0);
});

Deno.test("relay deno-kv: a new watch that says nothing is given up for another", async () => {
  await using stage = await openStage();
  const kv = faultyKv(stage.kv);
  const failures: string[] = [];
  const relay = stage.relay({
    kv,
    answerMs: 100,
    onFailure: (error) => failures.push((error as Error).message),
  });
  await using listener = await listen(relay, 1);
  kv.opensMute = true;
  kv.endWatches();
  while (failures.length < 3) await new Promise((r) => setTimeout(r, 10));
  assert.match(failures[1]!, /has told nothing within 100 ms/);
  kv.opensMute = false;
  await listener.hearsOfGap();
  const sent = news();
  await relay.publish(1, [sent]);
  await listener.hears(sent);
});

Deno.test("relay deno-kv: where the nearest replica is behind, the present state is read", async () => {
  await using stage = await openStage();
  const kv = faultyKv(stage.kv);
  const relay = stage.relay({ kv });
  await using listener = await listen(relay, 1);
  for (const lag of [1, 2, 5]) {
    kv.lag(lag);
    const held = kv.holdReads();
    const sent = [news(), news(), news()];
    for (const each of sent) await relay.publish(1, [each]);
    await held;
    kv.allowReads();
    await listener.hears(...sent);
    assert.deepEqual(listener.heard.slice(-3), sent);
  }
  assert.equal(listener.heard.length, 9);
  assert.equal(listener.gaps, 0);
});

Deno.test("relay deno-kv: a failing read is tried again from where it was", async () => {
  await using stage = await openStage();
  const kv = faultyKv(stage.kv);
  const failures: unknown[] = [];
  const relay = stage.relay({ kv, onFailure: (error) => failures.push(error) });
  const other = stage.relay();
  await using listener = await listen(relay, 1);
  kv.fault = new Error("The disk is gone");
  const sent = news();
  await other.publish(1, [sent]);
  while (failures.length < 2) await new Promise((r) => setTimeout(r, 5));
  assert.ok(failures.every((error) => error === kv.fault));
  kv.fault = undefined;
  await listener.hears(sent);
  assert.equal(listener.gaps, 0);
});

Deno.test("relay deno-kv: what does not open is a gap, and the rest goes on", async () => {
  await using stage = await openStage();
  const failures: unknown[] = [];
  const relay = stage.relay({ onFailure: (error) => failures.push(error) });
  const stranger = stage.relay({ envelope: testEnvelope() });
  await using listener = await listen(relay, 1);
  await stranger.publish(1, [news()]);
  await stage.kv.atomic().set(entryKey(1, stage.kv.commitVersionstamp()), 42)
    .sum(bellKey(1), 1n).commit();
  const sent = news();
  await relay.publish(1, [sent]);
  await listener.hears(sent);
  await listener.until(() => listener.gaps === 2);
  assert.equal(failures.length, 2);
  assert.deepEqual(listener.heard, [sent]);
});

Deno.test("relay deno-kv: a publication that cannot be stored is refused, the next one is not", async () => {
  await using stage = await openStage();
  const kv = faultyKv(stage.kv);
  const relay = stage.relay({ kv, answerMs: 200 });
  await using listener = await listen(relay, 1);
  kv.fault = new Error("The disk is full");
  await assert.rejects(relay.publish(1, [news()]), kv.fault);
  kv.fault = undefined;
  kv.hangs = true;
  await assert.rejects(relay.publish(1, [news()]), /took longer than 200 ms/);
  kv.hangs = false;
  const sent = news();
  await relay.publish(1, [sent]);
  await listener.hears(sent);
  assert.deepEqual(listener.heard, [sent]);
});

Deno.test("relay deno-kv: subscribing where the database does not answer ends in a gap, once it does", async () => {
  await using stage = await openStage();
  const kv = faultyKv(stage.kv);
  kv.opensMute = true;
  const relay = stage.relay({
    kv,
    answerMs: 300,
    patienceMs: 50,
    onFailure: () => {},
  });
  await using first = await listen(relay, 1);
  await using second = await listen(relay, 1);
  await using gone = await listen(relay, 2);
  await gone[Symbol.asyncDispose]();
  kv.opensMute = false;
  await Promise.all([first.hearsOfGap(), second.hearsOfGap()]);
  const sent = news();
  await relay.publish(1, [sent]);
  await Promise.all([first.hears(sent), second.hears(sent)]);
  assert.equal(gone.gaps, 0);
});

Deno.test("relay deno-kv: closing does not wait for a database that hangs", async () => {
  await using stage = await openStage();
  const kv = faultyKv(stage.kv);
  const relay = createDenoKvRelay({
    kv,
    envelope,
    onFailure: reportError,
    answerMs: 3_600_000,
  });
  await using listener = await listen(relay, 1);
  const held = kv.holdReads();
  await relay.publish(1, [news()]);
  await held;
  kv.hangs = true;
  const given = assert.rejects(relay.publish(1, [news()]));
  await relay[Symbol.asyncDispose]();
  await given;
  await assert.rejects(relay.publish(1, [news()]), /closed/);
  await assert.rejects(listen(relay, 1), /closed/);
  kv.allowReads();
  assert.deepEqual(listener.heard, []);
});
