import assert from "node:assert/strict";
import { connect } from "../support/peer.ts";
import { opcodes, rawSocket } from "./raw_socket.ts";
import { gatewayStage } from "./stage.ts";
import { createWorld } from "./world.ts";

const heartbeatMs = 400;

Deno.test("a silent client is pinged, and dropped when it does not answer", async () => {
  const world = createWorld();
  await using stage = gatewayStage(world, { heartbeatMs });
  using socket = await rawSocket(stage.url);
  const { token } = world.actor();
  const hello = JSON.stringify({ type: "hello", id: 1, token });
  await socket.send(opcodes.text, hello);
  await socket.next();
  assert.equal(stage.hub.scopes, 1);
  assert.equal((await socket.next())?.opcode, opcodes.ping);
  assert.equal((await socket.next())?.opcode, opcodes.close);
  // The server is told in a turn of its own.
  await using other = await connect(stage.url, world.actor().token);
  for (let i = 0; i < 100 && stage.gateway.connections > 1; i++) {
    await other.ask({ type: "ping" });
  }
  assert.equal(stage.gateway.connections, 1);
  assert.equal(stage.hub.scopes, 1);
  assert.equal(stage.present.size, 1);
});

Deno.test("a client that answers pings may be silent as long as it likes", async () => {
  const world = createWorld();
  await using stage = gatewayStage(world, { heartbeatMs });
  using socket = await rawSocket(stage.url);
  for (let heartbeats = 0; heartbeats < 3; heartbeats++) {
    const ping = await socket.next();
    assert.equal(ping?.opcode, opcodes.ping);
    await socket.send(opcodes.pong, ping.payload);
  }
  assert.equal(stage.gateway.connections, 1);
});
