import assert from "node:assert/strict";
import { createUpstashRelay } from "../../src/relay/upstash.ts";
import { needsRedis } from "../support/redis_server.ts";
import { relayConformance } from "./conformance.ts";
import {
  announcement,
  createEar,
  envelope,
  never,
  openStage,
  until,
} from "./upstash_stage.ts";

const shard = 3;
const stream = "parley:relay:3";

if (!needsRedis().ignore) {
  relayConformance("upstash", async () => {
    const { bridge, ...stage } = await openStage();
    return {
      ...stage,
      async interrupt() {
        await bridge.cut();
        return () => Promise.resolve(bridge.heal());
      },
    };
  });
}

Deno.test(
  "upstash: a doorbell that ends without a word is armed again, and nothing is lost",
  needsRedis(),
  async () => {
    // Without a poll: what is heard was rung for, or read when the bell was armed.
    await using stage = await openStage({ pollMs: [never, never] });
    const { bridge, here, there } = stage;
    const ear = createEar();
    await using _ = await there.subscribe(shard, ear.on, ear.onGap);
    for (const id of ["a", "b", "c"]) {
      await until(() => bridge.streams === 1);
      bridge.endStreams();
      await here.publish(shard, [announcement(id)]);
      await ear.hears(announcement(id));
    }
    await until(() => bridge.streams === 1);
    await here.publish(shard, [announcement("rung")]);
    await ear.hears(announcement("rung"));
    assert.equal(ear.gaps, 0);
    assert.deepEqual(
      new Set(stage.failures),
      new Set(["Upstash has ended the doorbell's stream"]),
    );
  },
);

Deno.test(
  "upstash: what a silent doorbell does not tell comes with the poll, and casts doubt on it",
  needsRedis(),
  async () => {
    await using stage = await openStage({ beatMs: never, answerMs: 100 });
    const { bridge, here, there, requests } = stage;
    const ear = createEar();
    await using _ = await there.subscribe(shard, ear.on, ear.onGap);
    await here.publish(shard, [announcement("rung")]);
    await ear.hears(announcement("rung"));
    const subscriptions = () =>
      requests.flat().filter(([name]) => name === "SUBSCRIBE").length;
    const before = subscriptions();
    bridge.faults.mute = true;
    await here.publish(shard, [announcement("found")]);
    await ear.hears(announcement("found"));
    await until(() => subscriptions() > before);
    bridge.faults.mute = false;
    await here.publish(shard, [announcement("after")]);
    await ear.hears(announcement("after"));
    assert.equal(ear.gaps, 0);
  },
);

Deno.test(
  "upstash: a Redis that was killed has forgotten what was not read, and goes on",
  needsRedis(),
  async () => {
    await using stage = await openStage();
    const { redis, here, there } = stage;
    const ear = createEar();
    await using _ = await there.subscribe(shard, ear.on, ear.onGap);
    await here.publish(shard, [announcement("before")]);
    await ear.hears(announcement("before"));
    await redis.kill9();
    await assert.rejects(here.publish(shard, [announcement("during")]), {
      message: /^Upstash failed: /,
    });
    await redis.start();
    await here.publish(shard, [announcement("after")]);
    await ear.hears(announcement("after"));
    assert.equal(ear.gaps, 1);
    assert.deepEqual(ear.heard, ["before", "after"]);
    assert.ok(stage.failures.length > 0);
  },
);

Deno.test(
  "upstash: an Upstash that answers 503 refuses, and is taken up again",
  needsRedis(),
  async () => {
    await using stage = await openStage();
    const { bridge, here, there } = stage;
    const ear = createEar();
    await using _ = await there.subscribe(shard, ear.on, ear.onGap);
    bridge.faults.away = true;
    const refused = { message: "Upstash failed: ERR The bridge is away" };
    await assert.rejects(here.publish(shard, [announcement("a")]), refused);
    await assert.rejects(here.subscribe(shard, ear.on, ear.onGap), refused);
    bridge.faults.away = false;
    await here.publish(shard, [announcement("b")]);
    await ear.hears(announcement("b"));
    assert.deepEqual(ear.heard, ["b"]);
    await using _again = await here.subscribe(shard, ear.on, ear.onGap);
  },
);

Deno.test(
  "upstash: a Redis that was emptied tells a gap, and goes on",
  needsRedis(),
  async () => {
    await using stage = await openStage();
    const { redis, here, there } = stage;
    const ear = createEar();
    await using _ = await there.subscribe(shard, ear.on, ear.onGap);
    await here.publish(shard, [announcement("before")]);
    await ear.hears(announcement("before"));
    await redis.run("FLUSHALL");
    await here.publish(shard, [announcement("after")]);
    await ear.hears(announcement("after"));
    assert.equal(ear.gaps, 1);
    await here.publish(shard, [announcement("later")]);
    await ear.hears(announcement("later"));
    assert.deepEqual(ear.heard, ["before", "after", "later"]);
    assert.equal(ear.gaps, 1);
  },
);

Deno.test(
  "upstash: a stream begun anew is read from its start, though its ids lie before the cursor",
  needsRedis(),
  async () => {
    await using stage = await openStage();
    const { redis, here, there } = stage;
    const ear = createEar();
    const future = `${Date.now() + 1_000_000}-0`;
    const sealed = envelope.close([announcement("before")]);
    await using _ = await there.subscribe(shard, ear.on, ear.onGap);
    await redis.run("XADD", stream, future, "b", sealed);
    await ear.hears(announcement("before"));
    await redis.run("DEL", stream);
    await here.publish(shard, [announcement("after")]);
    await ear.hears(announcement("after"));
    assert.equal(ear.gaps, 1);
  },
);

Deno.test(
  "upstash: a stream trimmed past the cursor tells a gap, and what is left",
  needsRedis(),
  async () => {
    // Deaf until the next ring.
    await using stage = await openStage({
      beatMs: never,
      pollMs: [never, never],
    });
    const { redis, bridge, here, there } = stage;
    const ear = createEar();
    await using _ = await there.subscribe(shard, ear.on, ear.onGap);
    await until(() => bridge.streams === 1);
    await here.publish(shard, [announcement("read")]);
    await ear.hears(announcement("read"));
    bridge.faults.mute = true;
    for (const id of ["gone", "kept"]) {
      await here.publish(shard, [announcement(id)]);
    }
    await redis.run("XTRIM", stream, "MAXLEN", "1");
    bridge.faults.mute = false;
    assert.equal(ear.gaps, 0);
    await here.publish(shard, [announcement("rung")]);
    await ear.hears(announcement("rung"));
    assert.deepEqual(ear.heard, ["read", "kept", "rung"]);
    assert.equal(ear.gaps, 1);
  },
);

Deno.test(
  "upstash: what was appended twice is heard once",
  needsRedis(),
  async () => {
    await using stage = await openStage();
    const { redis, bridge, here, there } = stage;
    const ear = createEar();
    await using _ = await there.subscribe(shard, ear.on, ear.onGap);
    bridge.faults.repeat = 1;
    for (const id of ["a", "b"]) await here.publish(shard, [announcement(id)]);
    bridge.faults.repeat = 0;
    await here.publish(shard, [announcement("last")]);
    await ear.hears(announcement("last"));
    assert.deepEqual(ear.heard, ["a", "b", "last"]);
    assert.equal(await redis.run("XLEN", stream), 5);
  },
);

Deno.test(
  "upstash: a read that fails is made up for soon",
  needsRedis(),
  async () => {
    // Without a poll and without a beat: only the failure itself leads to another look.
    await using stage = await openStage({
      beatMs: never,
      pollMs: [20, never],
      requestMs: 200,
    });
    const { bridge, here, there, failures } = stage;
    const ear = createEar();
    await using _ = await there.subscribe(shard, ear.on, ear.onGap);
    await here.publish(shard, [announcement("before")]);
    await ear.hears(announcement("before"));
    let held = 0;
    bridge.onRequest = ([command]) => {
      if (command![0] === "XREAD" && held++ < 3) {
        return Promise.withResolvers<void>().promise;
      }
    };
    await here.publish(shard, [announcement("after")]);
    await ear.hears(announcement("after"));
    assert.deepEqual(
      new Set(failures),
      new Set(["Upstash did not answer within 200 ms"]),
    );
    assert.equal(ear.gaps, 0);
  },
);

Deno.test(
  "upstash: an entry that does not open is a gap, and the others are heard",
  needsRedis(),
  async () => {
    await using stage = await openStage();
    const { redis, here, there } = stage;
    const ear = createEar();
    await using _ = await there.subscribe(shard, ear.on, ear.onGap);
    await redis.run("XADD", stream, "*", "b", "not ours");
    await redis.run("XADD", stream, "*", "unknown", "field");
    await here.publish(shard, [announcement("ours")]);
    await ear.hears(announcement("ours"));
    assert.ok(ear.gaps > 0);
    assert.equal(
      stage.failures.filter((each) => /^Cannot open the entry/.test(each))
        .length,
      2,
    );
  },
);

Deno.test(
  "upstash: a listener that throws takes nothing from the others",
  needsRedis(),
  async () => {
    await using stage = await openStage();
    const { here, there } = stage;
    const ear = createEar();
    const throws = () => {
      throw new Error("Listener broke");
    };
    await using _first = await there.subscribe(shard, throws, throws);
    await using _second = await there.subscribe(shard, ear.on, ear.onGap);
    await here.publish(shard, [announcement("a")]);
    await ear.hears(announcement("a"));
    assert.deepEqual(stage.failures, ["Listener broke"]);
  },
);

Deno.test(
  "upstash: an address may end with a slash",
  needsRedis(),
  async () => {
    await using stage = await openStage();
    const { bridge, here, failures } = stage;
    const { url, token } = bridge;
    await using relay = createUpstashRelay({
      url: `${url}/`,
      token,
      envelope,
      onFailure: (error) => failures.push(String(error)),
      pollMs: [never, never],
    });
    const ear = createEar();
    await using _ = await relay.subscribe(shard, ear.on, ear.onGap);
    await here.publish(shard, [announcement("a")]);
    await ear.hears(announcement("a"));
    assert.deepEqual(failures, []);
  },
);
