import assert from "node:assert/strict";
import { gather, type Gathered } from "../../src/relay/gather.ts";
import { news } from "./listener.ts";

/** A way out whose writes end when they are told to. */
function heldWrites() {
  const writes: (PromiseWithResolvers<void> & { all: Gathered })[] = [];
  const publisher = gather((all) => {
    const write = { ...Promise.withResolvers<void>(), all };
    writes.push(write);
    return write.promise;
  });
  return { writes, publisher };
}

Deno.test("gather: what comes while a write is under way goes together, by shard and in order", async () => {
  const { writes, publisher } = heldWrites();
  const each = Array.from({ length: 4 }, () => news());
  const first = publisher.publish(1, [each[0]!]);
  const others = [
    publisher.publish(2, [each[1]!]),
    publisher.publish(1, [each[2]!]),
    publisher.publish(2, [each[3]!]),
    publisher.publish(3, []),
  ];
  assert.deepEqual(writes.map(({ all }) => [...all]), [[[1, [each[0]]]]]);
  writes[0]!.resolve();
  await first;
  assert.deepEqual([...writes[1]!.all], [
    [2, [each[1], each[3]]],
    [1, [each[2]]],
  ]);
  writes[1]!.resolve();
  await Promise.all(others);
  assert.equal(writes.length, 2);
});

Deno.test("gather: a failed write is told to all it held, and to nobody else", async () => {
  const { writes, publisher } = heldWrites();
  const first = publisher.publish(1, [news()]);
  const held = [1, 2].map((shard) => publisher.publish(shard, [news()]));
  writes[0]!.resolve();
  await first;
  const last = publisher.publish(1, [news()]);
  writes[1]!.reject(new Error("The disk is full"));
  for (const each of held) await assert.rejects(each, /The disk is full/);
  writes[2]!.resolve();
  await last;
});

Deno.test("gather: what waits is bounded, and refused past that", async () => {
  const { writes, publisher } = heldWrites();
  const each = [news()];
  const outcomes: Promise<unknown>[] = [];
  let refused: unknown;
  while (refused === undefined) {
    outcomes.push(publisher.publish(1, each).catch((error) => refused = error));
    await Promise.resolve();
    assert.ok(outcomes.length < 100_000);
  }
  assert.match(String(refused), /does not keep up/);
  while (writes.length > 0) {
    writes.shift()!.resolve();
    await new Promise((resolve) => setTimeout(resolve));
  }
  await Promise.all(outcomes);
  const next = publisher.publish(1, each);
  writes[0]!.resolve();
  await next;
});

Deno.test("gather: closing waits for what is under way, and takes nothing more", async () => {
  const { writes, publisher } = heldWrites();
  let isClosed = false;
  const first = publisher.publish(1, [news()]);
  const closing = publisher[Symbol.asyncDispose]().then(() => isClosed = true);
  await assert.rejects(publisher.publish(1, [news()]), /closed/);
  assert.equal(isClosed, false);
  writes[0]!.resolve();
  await closing;
  await first;
});
