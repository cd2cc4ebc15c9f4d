import assert from "node:assert/strict";
import type { UserId } from "../../src/protocol/ids.ts";
import { connect } from "../support/peer.ts";
import { dial } from "./dialogue.ts";
import { createGate } from "./gate.ts";
import { gatewayStage } from "./stage.ts";
import { createWorld } from "./world.ts";

/** A world in which one person's token is looked at only when the gate is open. */
function heldWorld() {
  const world = createWorld();
  const [ann, bob] = [world.actor(), world.actor()];
  const gate = createGate();
  return {
    world,
    ann,
    bob,
    gate,
    async authenticate(token: string) {
      if (token === ann.token) await gate.pass();
      return await world.authenticate(token);
    },
  };
}

Deno.test("whoever has said hello in time is not closed while its answer takes long", async () => {
  const { world, ann, gate, authenticate } = heldWorld();
  await using stage = gatewayStage(world, { authenticate });
  const peer = await dial(stage.url);
  peer.say({ type: "hello", id: 1, token: ann.token });
  await gate.reached;
  const silent = await dial(stage.url);
  world.now += 60_000;
  assert.equal((await silent.closed).code, 4408);
  gate.open();
  const reply = await peer.until(({ type }) => type === "reply");
  assert.equal(reply.type === "reply" && reply.ok, true);
});

Deno.test("nothing more is read for somebody who gave up while the token was looked at", async () => {
  const { world, ann, bob, gate, authenticate } = heldWorld();
  const read = new Set<UserId>();
  await using stage = gatewayStage(world, {
    authenticate,
    inbox: {
      chatIds(userId) {
        read.add(userId);
        return world.chatIds(userId);
      },
    },
  });
  await using line = await connect(stage.url, bob.token);
  const peer = await dial(stage.url);
  peer.say({ type: "hello", id: 1, token: ann.token });
  await gate.reached;
  await peer.close();
  while (stage.gateway.connections > 1) await line.ask({ type: "ping" });
  gate.open();
  // Each exchange is several turns, in which the hello would go on.
  for (let i = 0; i < 5; i++) await line.ask({ type: "ping" });
  assert.deepEqual([...read], [bob.userId]);
});
