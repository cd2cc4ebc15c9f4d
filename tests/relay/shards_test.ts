import assert from "node:assert/strict";
import { shardCount, shardOf } from "../../src/relay/relay.ts";

Deno.test("shardOf: every isolate agrees, since it is FNV-1a", () => {
  // The test vectors of the FNV draft: 811c9dc5, e40c292c, bf9cf968.
  assert.equal(shardOf(""), 0x811c9dc5 % shardCount);
  assert.equal(shardOf("a"), 0xe40c292c % shardCount);
  assert.equal(shardOf("foobar"), 0xbf9cf968 % shardCount);
});

Deno.test("shardOf: spreads the scopes over all shards, evenly", () => {
  const counts = new Map<number, number>();
  const scopes = 64_000;
  for (let i = 0; i < scopes; i++) {
    const shard = shardOf(crypto.randomUUID());
    assert.ok(Number.isInteger(shard) && shard >= 0 && shard < shardCount);
    counts.set(shard, (counts.get(shard) ?? 0) + 1);
  }
  assert.equal(counts.size, shardCount);
  // 1000 each are expected; six standard deviations of the binomial are about 190.
  for (const count of counts.values()) {
    assert.ok(Math.abs(count - scopes / shardCount) < 190, `${count}`);
  }
});
