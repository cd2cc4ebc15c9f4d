import { Redis } from "@upstash/redis";
import assert from "node:assert/strict";
import { needsRedis, startRedis } from "../support/redis_server.ts";
import { startUpstashBridge } from "../support/upstash_bridge.ts";

async function open() {
  await using cleanup = new AsyncDisposableStack();
  const server = cleanup.use(await startRedis());
  const bridge = cleanup.use(startUpstashBridge({ redisPort: server.port }));
  const { url, token } = bridge;
  const parts = cleanup.move();
  return {
    server,
    bridge,
    /** As it comes: base64, JSON, several commands in one request. */
    redis: new Redis({ url, token, enableTelemetry: false }),
    ask: (path: string, body: unknown, authorization = `Bearer ${token}`) =>
      fetch(`${url}${path}`, {
        method: "POST",
        headers: { authorization },
        body: JSON.stringify(body),
      }),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

Deno.test(
  "the bridge speaks with Upstash's client as it comes",
  needsRedis(),
  async (t) => {
    await using stage = await open();
    const { redis, bridge } = stage;

    await t.step("values come back as they went in", async () => {
      const value = { text: "line\nbreak, ünicode 👩‍👩‍👧", list: [1, null, "OK"] };
      assert.equal(await redis.set("value", value), "OK");
      assert.deepEqual(await redis.get("value"), value);
      assert.equal(await redis.get("nothing"), null);
      assert.equal(await redis.incr("count"), 1);
    });

    await t.step("nested answers too", async () => {
      const id = await redis.xadd("stream", "*", { field: "value" });
      assert.deepEqual(
        await redis.xread("stream", "0-0"),
        [["stream", [[id, ["field", "value"]]]]],
      );
      assert.deepEqual(await redis.xrange("stream", "-", "+"), {
        [id]: { field: "value" },
      });
      assert.equal(await redis.xread("stream", id), null);
    });

    await t.step("a pipeline answers each command", async () => {
      const answers = await redis.pipeline().set("n", "5").hget("n", "x").get(
        "n",
      )
        .exec({ keepErrors: true });
      assert.deepEqual(answers.map(({ error }) => error?.split(" ")[0]), [
        undefined,
        "WRONGTYPE",
        undefined,
      ]);
      assert.equal(answers[2]!.result, 5);
    });

    await t.step("a transaction happens or does not", async () => {
      assert.deepEqual(await redis.multi().incr("n").incr("n").exec(), [6, 7]);
      const broken = redis.multi().set("n", "1");
      // @ts-expect-error: Redis itself is to refuse it
      broken.get();
      await assert.rejects(broken.exec(), /EXECABORT/);
      assert.equal(await redis.get("n"), 7);
    });

    await t.step("a channel is a stream of events", async () => {
      const heard: unknown[] = [];
      const subscriber = redis.subscribe<unknown>("channel");
      const { promise: confirmed, resolve } = Promise.withResolvers<unknown>();
      const both = Promise.withResolvers<void>();
      subscriber.on("subscribe", resolve);
      subscriber.on("message", ({ message }) => {
        heard.push(message);
        if (heard.length === 2) both.resolve();
      });
      assert.equal(await confirmed, 1);
      await redis.publish("channel", "one, two");
      await redis.publish("channel", { three: 3 });
      await both.promise;
      assert.deepEqual(heard, ["one, two", { three: 3 }]);
      assert.equal(bridge.streams, 1);
      await subscriber.unsubscribe();
    });
  },
);

Deno.test(
  "the bridge answers errors as Upstash does",
  needsRedis(),
  async () => {
    await using stage = await open();
    const { ask, server } = stage;
    const cases: [Promise<Response>, number, RegExp][] = [
      [ask("/", ["PING"], "Bearer wrong"), 401, /^WRONGPASS/],
      [ask("/", ["PING"], ""), 401, /^WRONGPASS/],
      [ask("/", ["NOSUCH"]), 400, /^ERR unknown command/],
      [ask("/get", []), 400, /^ERR wrong number of arguments/],
      [ask("/multi-exec", [["GET"]]), 400, /^EXECABORT/],
      ...[
        ["BLPOP", "list", 0],
        ["xread", "BLOCK", 0, "STREAMS", "BLOCK", "$"],
        ["WATCH", "key"],
        ["SELECT", 1],
        ["SUBSCRIBE", "channel"],
      ].map((command): [Promise<Response>, number, RegExp] => [
        ask("/", command),
        400,
        /^ERR Command is not available/,
      ]),
    ];
    for (const [asked, status, error] of cases) {
      const answer = await asked;
      assert.match((await answer.json()).error, error);
      assert.equal(answer.status, status);
    }
    const read = await ask("/", ["XREAD", "STREAMS", "BLOCK", "0"]);
    assert.deepEqual(await read.json(), { result: null });
    assert.deepEqual(await (await ask("/echo/a%2Fb", [])).json(), {
      result: "a/b",
    });
    await server.kill9();
    const away = await ask("/", ["PING"]);
    assert.equal(away.status, 503);
    await away.body?.cancel();
  },
);

Deno.test(
  "the bridge swallows and repeats as it is told",
  needsRedis(),
  async () => {
    await using stage = await open();
    const { bridge, redis } = stage;
    const add = async () => {
      await redis.pipeline().xadd("s", "*", { a: 1 }).xadd("s", "*", { a: 2 })
        .exec();
      return await redis.xlen("s");
    };
    assert.equal(await add(), 2);
    bridge.faults.repeat = 1;
    assert.equal(await add(), 6);
    bridge.faults.swallow = 1;
    assert.equal(await add(), 6);
  },
);
