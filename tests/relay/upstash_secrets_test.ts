import assert from "node:assert/strict";
import { createUpstashRelay } from "../../src/relay/upstash.ts";
import { needsRedis } from "../support/redis_server.ts";
import {
  announcement,
  createEar,
  envelope,
  openStage,
} from "./upstash_stage.ts";

const shard = 3;
const stream = "parley:relay:3";

Deno.test(
  "upstash: a token that is refused is named, and not told",
  needsRedis(),
  async () => {
    await using stage = await openStage({ token: "s3cr3t" });
    const { here } = stage;
    const refused = ({ message }: Error) =>
      /^Upstash refuses UPSTASH_REDIS_REST_TOKEN: WRONGPASS/.test(message) &&
      !message.includes("s3cr3t");
    await assert.rejects(here.publish(shard, [announcement("a")]), refused);
    const ear = createEar();
    await assert.rejects(here.subscribe(shard, ear.on, ear.onGap), refused);
  },
);

Deno.test(
  "upstash: a token that may not write is named too",
  needsRedis(),
  async () => {
    await using stage = await openStage();
    const { redis, here } = stage;
    await redis.run("ACL", "SETUSER", "default", "-xadd");
    await assert.rejects(here.publish(shard, [announcement("a")]), {
      message: /^Upstash refuses UPSTASH_REDIS_REST_TOKEN: NOPERM/,
    });
  },
);

Deno.test("upstash: what cannot be a token is refused at once, and not told", () => {
  for (const token of ["two words", "line\nbreak", "bell\u0007", "ключ"]) {
    assert.throws(
      () =>
        createUpstashRelay({
          url: "http://127.0.0.1",
          token,
          envelope,
          onFailure() {},
        }),
      { message: /^UPSTASH_REDIS_REST_TOKEN holds characters [a-z ]+$/ },
    );
  }
});

Deno.test(
  "upstash: nothing that leaves the isolate can be read, but the numbers of shards",
  needsRedis(),
  async () => {
    await using stage = await openStage();
    const { here, there, requests } = stage;
    const ear = createEar();
    await using _ = await there.subscribe(shard, ear.on, ear.onGap);
    const told = announcement("announced", "Dear diary");
    await here.publish(shard, [told]);
    await ear.hears(told);
    assert.deepEqual(ear.batches.flat(), [told]);
    const words = requests.flat(2);
    assert.ok(words.includes(stream) && words.includes("MAXLEN"));
    for (const readable of ["diary", "announced", told.scopeId, "chat"]) {
      assert.ok(!words.join("\n").includes(readable), readable);
    }
  },
);
