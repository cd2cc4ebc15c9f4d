import assert from "node:assert/strict";
import { shardCount } from "../../src/relay/relay.ts";
import { connectRedis } from "../support/redis_connection.ts";
import { needsRedis } from "../support/redis_server.ts";
import {
  announcement,
  createEar,
  never,
  openStage,
  pause,
  until,
  type UpstashStage,
} from "./upstash_stage.ts";

const everyShard = Array.from({ length: shardCount }, (_, shard) => shard);

const named = (name: string, requests: UpstashStage["requests"]) =>
  requests.filter((commands) => commands.some(([each]) => each === name));

Deno.test(
  "upstash: what is published in one turn is one request, one entry a shard and one ring",
  needsRedis(),
  async () => {
    await using stage = await openStage();
    const { here, there, requests } = stage;
    const ear = createEar();
    await using _ = await there.subscribe(1, ear.on, ear.onGap);
    const sent = everyShard.flatMap((shard) =>
      ["x", "y", "z"].map((name) => ({
        shard,
        news: announcement(`${shard}${name}`),
      }))
    );
    await Promise.all(
      sent.map(({ shard, news }) => here.publish(shard, [news])),
    );
    const [request, ...more] = named("XADD", requests);
    assert.deepEqual(more, []);
    assert.deepEqual(
      request!.map(([name, key]) => `${name} ${key}`),
      [
        ...everyShard.map((shard) => `XADD parley:relay:${shard}`),
        "publish parley:relay:bell",
      ],
    );
    await ear.hears(...["1x", "1y", "1z"].map((id) => announcement(id)));
    assert.deepEqual(ear.heard, ["1x", "1y", "1z"]);
  },
);

Deno.test(
  "upstash: what is published while a request is under way shares the next",
  needsRedis(),
  async () => {
    await using stage = await openStage();
    const { bridge, here, requests } = stage;
    const gate = Promise.withResolvers<void>();
    bridge.onRequest = (commands) => {
      requests.push(commands);
      if (requests.length === 1) return gate.promise;
    };
    const first = here.publish(0, [announcement("first")]);
    await until(() => requests.length === 1);
    const others = everyShard.map((shard) =>
      here.publish(shard, [announcement(`${shard}`)])
    );
    await pause(0);
    others.push(here.publish(0, [announcement("late")]));
    gate.resolve();
    await Promise.all([first, ...others]);
    assert.deepEqual(
      named("XADD", requests).map(({ length }) => length),
      [2, shardCount + 1],
    );
  },
);

Deno.test(
  "upstash: subscriptions of one turn are one request",
  needsRedis(),
  async () => {
    await using stage = await openStage();
    const { there, requests } = stage;
    const ear = createEar();
    await Promise.all(
      everyShard.map((shard) => there.subscribe(shard, ear.on, ear.onGap)),
    );
    const asked = named("XREVRANGE", requests);
    assert.deepEqual(asked.map(({ length }) => length), [shardCount]);
  },
);

Deno.test(
  "upstash: large news is split over entries, and goes without its event where that is too large",
  needsRedis(),
  async () => {
    await using stage = await openStage();
    const { redis, here, there } = stage;
    const ear = createEar();
    await using _ = await there.subscribe(1, ear.on, ear.onGap);
    const large = [..."abcdefgh"].map((id) =>
      announcement(id, id.repeat(30_000))
    );
    const tooLarge = announcement("tooLarge", "X".repeat(100_000));
    await here.publish(1, [...large, tooLarge]);
    await ear.hears(...large, tooLarge);
    const { event: _event, ...bare } = tooLarge;
    assert.deepEqual(ear.batches.flat(), [...large, bare]);
    assert.equal(await redis.run("XLEN", "parley:relay:1"), 9);
  },
);

Deno.test(
  "upstash: a stream is trimmed as it grows",
  needsRedis(),
  async () => {
    await using stage = await openStage();
    const { redis, here } = stage;
    const key = "parley:relay:1";
    using connection = await connectRedis(redis.port);
    await connection.send(
      ...Array.from({ length: 1300 }, () => ["XADD", key, "*", "b", ""]),
    );
    await here.publish(1, [announcement("one more")]);
    const [length] = await connection.send(["XLEN", key]) as [number];
    assert.ok(length >= 1000 && length < 1300, `${length}`);
  },
);

Deno.test(
  "upstash: past the bound a publication is refused, and nobody else's",
  needsRedis(),
  async () => {
    await using stage = await openStage();
    const { here } = stage;
    const bound = 10_000;
    const outcomes = await Promise.allSettled(
      Array.from(
        { length: bound + 1 },
        () => here.publish(1, [announcement("same")]),
      ),
    );
    const refused = outcomes.filter(({ status }) => status === "rejected");
    assert.equal(refused.length, 1);
    assert.equal(outcomes.at(-1), refused[0]);
  },
);

Deno.test(
  "upstash: an idle isolate costs a look now and then, whatever it listens to",
  needsRedis(),
  async () => {
    const [beatMs, slowMs] = [400, 100];
    await using stage = await openStage({
      beatMs,
      answerMs: never,
      pollMs: [10, slowMs],
    });
    const { there, requests } = stage;
    const ear = createEar();
    const startedAt = performance.now();
    await Promise.all(
      everyShard.map((shard) => there.subscribe(shard, ear.on, ear.onGap)),
    );
    const peeks = () =>
      requests.flat().filter((command) =>
        command.join(" ").startsWith("XREAD COUNT 1 STREAMS")
      );
    await until(() => peeks().length > 10);
    const elapsed = performance.now() - startedAt;
    // Timers may be late and are never early, so this bounds them from above on any machine. To
    // begin with: the subscription, a look at all shards, and some fast looks until the bell rings.
    const start = shardCount + 10;
    const bound = start + elapsed / slowMs + elapsed / beatMs;
    assert.ok(there.commands <= bound, `${there.commands} above ${bound}`);
    await until(() => there.commands === requests.flat().length);
    // All shards are in one look.
    assert.equal(peeks()[0]!.length, 4 + 2 * shardCount);
  },
);

Deno.test(
  "upstash: who listens to nothing costs nothing",
  needsRedis(),
  async () => {
    await using stage = await openStage();
    const { bridge, there } = stage;
    const ear = createEar();
    const first = await there.subscribe(1, ear.on, ear.onGap);
    const second = await there.subscribe(2, ear.on, ear.onGap);
    await until(() => bridge.streams === 1);
    await first[Symbol.asyncDispose]();
    assert.equal(bridge.streams, 1);
    await second[Symbol.asyncDispose]();
    await until(() => bridge.streams === 0);
    const before = there.commands;
    await pause(500);
    assert.equal(there.commands, before);
  },
);
