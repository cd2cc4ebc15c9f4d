import assert from "node:assert/strict";
import { connect } from "../support/peer.ts";
import { dial } from "./dialogue.ts";
import { createGate } from "./gate.ts";
import { gatewayStage } from "./stage.ts";
import { createWorld } from "./world.ts";

for (
  const where of ["authenticate", "chatIds", "readHeads", "readUser"] as const
) {
  Deno.test(`a socket that ends while hello waits for ${where} leaves no listener behind`, async () => {
    const world = createWorld();
    const [ann, bob] = [world.actor(), world.actor()];
    world.chatOf(ann);
    const gate = createGate();
    const isAnn = (one: unknown) =>
      one === ann || one === ann.token || one === ann.userId;
    const held = <A extends unknown[], R>(
      name: typeof where,
      work: (...args: A) => Promise<R>,
    ) =>
    async (...args: A) => {
      if (name === where && isAnn(args[0])) await gate.pass();
      return await work(...args);
    };
    await using stage = gatewayStage(world, {
      authenticate: held("authenticate", world.authenticate),
      readUser: held("readUser", world.readUser),
      inbox: {
        chatIds: held("chatIds", world.chatIds),
        readHeads: held("readHeads", world.readHeads),
      },
    });
    await using line = await connect(stage.url, bob.token);
    const peer = await dial(stage.url);
    peer.say({ type: "hello", id: 1, token: ann.token });
    await gate.reached;
    await peer.close();
    // The server hears of it, which happens in a turn of its own.
    for (let i = 0; i < 100 && stage.gateway.connections > 1; i++) {
      await line.ask({ type: "ping" });
    }
    gate.open();
    for (let i = 0; i < 20; i++) await line.ask({ type: "ping" });
    // What is left is Bob's.
    assert.equal(stage.gateway.connections, 1);
    assert.equal(stage.hub.scopes, 1);
    assert.equal(stage.interest.shards, 1);
    assert.deepEqual([...stage.present], [bob.userId]);
  });
}

Deno.test("a hello that fails while it still enters chats leaves no listener behind", async () => {
  const world = createWorld();
  const [ann, bob] = [world.actor(), world.actor()];
  world.chatOf(ann);
  const gate = createGate();
  await using stage = gatewayStage(world, {
    readUser: (caller) =>
      caller.userId === ann.userId
        ? Promise.reject(new Error("The database is away"))
        : world.readUser(caller),
    inbox: {
      async chatIds(userId) {
        if (userId === ann.userId) await gate.pass();
        return await world.chatIds(userId);
      },
      readHeads: world.readHeads,
    },
  });
  await using line = await connect(stage.url, bob.token);
  const peer = await dial(stage.url);
  peer.say({ type: "hello", id: 1, token: ann.token });
  await gate.reached;
  for (let i = 0; i < 20; i++) await line.ask({ type: "ping" });
  gate.open();
  await peer.closed;
  for (let i = 0; i < 20; i++) await line.ask({ type: "ping" });
  assert.equal(stage.hub.scopes, 1);
  assert.equal(stage.interest.shards, 1);
});
