import assert from "node:assert/strict";
import { needsRedis } from "../support/redis_server.ts";
import { announcement, createEar, openStage, until } from "./upstash_stage.ts";

/** Timers and connections left behind fail these tests. */
const nothingLeft = {
  ...needsRedis(),
  sanitizeOps: true,
  sanitizeResources: true,
};
const isClosed = { message: "The relay is closed" };
const held = () => Promise.withResolvers<void>().promise;

Deno.test(
  "upstash: a relay that is disposed leaves nothing behind",
  nothingLeft,
  async () => {
    await using stage = await openStage();
    const { bridge, here, there } = stage;
    const ear = createEar();
    await there.subscribe(1, ear.on, ear.onGap);
    await here.publish(1, [announcement("a")]);
    await ear.hears(announcement("a"));
    await until(() => bridge.streams === 1);
    await there[Symbol.asyncDispose]();
    await there[Symbol.asyncDispose]();
    await until(() => bridge.streams === 0);
    await assert.rejects(there.publish(1, [announcement("b")]), isClosed);
    await assert.rejects(there.subscribe(1, ear.on, ear.onGap), isClosed);
    await here.publish(1, [announcement("c")]);
    assert.deepEqual(ear.heard, ["a"]);
  },
);

Deno.test(
  "upstash: a relay is disposed though Upstash answers nothing",
  nothingLeft,
  async () => {
    await using stage = await openStage({ lingerMs: 1 });
    const { bridge, there, requests } = stage;
    bridge.onRequest = (commands) => {
      requests.push(commands);
      return held();
    };
    const ear = createEar();
    const outcomes = Promise.allSettled([
      there.publish(1, [announcement("a")]),
      there.subscribe(1, ear.on, ear.onGap),
    ]);
    await until(() => requests.length === 3);
    await there[Symbol.asyncDispose]();
    assert.deepEqual(
      (await outcomes).map((each) =>
        each.status === "rejected" && each.reason.message
      ),
      [isClosed.message, isClosed.message],
    );
  },
);

Deno.test(
  "upstash: a relay is disposed while Upstash is away",
  nothingLeft,
  async () => {
    await using stage = await openStage();
    const { bridge, there } = stage;
    const ear = createEar();
    await there.subscribe(1, ear.on, ear.onGap);
    await bridge.cut();
    await until(() => stage.failures.length > 1);
    await there[Symbol.asyncDispose]();
  },
);

Deno.test(
  "upstash: what was published last is told before the relay goes",
  nothingLeft,
  async () => {
    await using stage = await openStage({ lingerMs: 60_000 });
    const { bridge, here, there, requests } = stage;
    const ear = createEar();
    await using _ = await there.subscribe(1, ear.on, ear.onGap);
    const gate = Promise.withResolvers<void>();
    bridge.onRequest = (commands) => {
      requests.push(commands);
      if (commands[0]![0] === "XADD") return gate.promise;
    };
    const last = here.publish(1, [announcement("last")]);
    const disposed = here[Symbol.asyncDispose]();
    gate.resolve();
    await Promise.all([last, disposed]);
    await ear.hears(announcement("last"));
  },
);
