import assert from "node:assert/strict";
import { connect } from "../support/peer.ts";
import { gatewayStage } from "./stage.ts";
import { createWorld } from "./world.ts";

Deno.test("a connection is closed with 4401 when its token runs out, and not before", async () => {
  const world = createWorld();
  await using stage = gatewayStage(world);
  await using ann = await connect(
    stage.url,
    world.actor(world.now + 1000).token,
  );
  world.now += 999;
  // The checks run each millisecond: these exchanges outlast one.
  for (let i = 0; i < 20; i++) await ann.ask({ type: "ping" });
  world.now += 1;
  assert.equal((await ann.closed).code, 4401);
  assert.equal(stage.hub.scopes, 0);
});

Deno.test("a connection lives on with a new token of its device", async () => {
  const world = createWorld();
  await using stage = gatewayStage(world);
  const old = world.actor(world.now + 1000);
  const { token } = world.renew(old, world.now + 5000);
  await using line = await connect(stage.url, old.token);
  const reply = await line.ask({ type: "refresh", token });
  const expiresAt = new Date(world.now + 5000).toISOString();
  assert.deepEqual(reply.ok && reply.data, { expiresAt });
  world.now += 4999;
  for (let i = 0; i < 20; i++) await line.ask({ type: "ping" });
  world.now += 1;
  assert.equal((await line.closed).code, 4401);
});

for (
  const [whose, code] of [
    ["of another device of the same person", "forbidden"],
    ["of somebody else", "forbidden"],
    ["that nobody issued", "unauthenticated"],
  ] as const
) {
  Deno.test(`a refresh with a token ${whose} is ${code} and changes nothing`, async () => {
    const world = createWorld();
    await using stage = gatewayStage(world);
    const ann = world.actor(world.now + 1000);
    const tokens = {
      "of another device of the same person": world.again(ann).token,
      "of somebody else": world.actor().token,
      "that nobody issued": "garbage",
    };
    await using line = await connect(stage.url, ann.token);
    const reply = await line.ask({ type: "refresh", token: tokens[whose] });
    assert.equal(reply.ok === false && reply.error.code, code);
    assert.equal((await line.ask({ type: "ping" })).ok, true);
    world.now += 1000;
    assert.equal((await line.closed).code, 4401);
  });
}
