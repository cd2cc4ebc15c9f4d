import assert from "node:assert/strict";
import { limits } from "../../src/protocol/limits.ts";
import { connect } from "../support/peer.ts";
import { said, signedOut } from "./news.ts";
import { opcodes, type RawSocket, rawSocket } from "./raw_socket.ts";
import { gatewayStage } from "./stage.ts";
import { createWorld } from "./world.ts";

/** The code of the next close frame; what comes before it is passed over. */
async function closeCode(socket: RawSocket): Promise<number | null> {
  for (let frame; (frame = await socket.next());) {
    if (frame.opcode === opcodes.close) {
      return frame.payload[0]! * 256 + frame.payload[1]!;
    }
  }
  return null;
}

async function hello(socket: RawSocket, token: string) {
  const frame = JSON.stringify({ type: "hello", id: 1, token });
  await socket.send(opcodes.text, frame);
  await socket.next();
}

Deno.test("a client that does not answer the close has nothing left but its socket", async () => {
  const world = createWorld();
  let sends = 0;
  await using stage = gatewayStage(world, {
    messages: {
      send() {
        sends++;
        return Promise.reject(new Error("It is out"));
      },
    },
  });
  const [ann, bob] = [world.actor(), world.actor()];
  const chatId = world.chatOf(ann, bob);
  await using line = await connect(stage.url, bob.token);
  using socket = await rawSocket(stage.url);
  await hello(socket, ann.token);
  assert.equal(stage.gateway.connections, 2);

  stage.hear(signedOut(ann.userId, 2, ann.deviceId));
  assert.equal(stage.gateway.connections, 1);
  assert.deepEqual([...stage.present], [bob.userId]);
  assert.equal(stage.hub.scopes, 2);
  stage.say(chatId);
  await socket.send(
    opcodes.text,
    JSON.stringify({
      type: "send",
      id: 2,
      chatId,
      messageId: crypto.randomUUID(),
      content: { type: "text", text: "Still here" },
    }),
  );
  await line.heard("message.created");
  assert.equal(await closeCode(socket), 4401);
  for (let i = 0; i < 5; i++) await line.ask({ type: "ping" });
  assert.equal(sends, 0);
});

Deno.test("a client that does not read is closed as a slow consumer, and nobody waits for it", async () => {
  const world = createWorld();
  await using stage = gatewayStage(world);
  const [ann, bob] = [world.actor(), world.actor()];
  const chatId = world.chatOf(ann, bob);
  await using line = await connect(stage.url, bob.token);
  using socket = await rawSocket(stage.url);
  await hello(socket, ann.token);

  const text = "x".repeat(limits.textLength);
  let rev = 1;
  // The kernel's buffers fill first, then the server's; Bob reads along.
  while (stage.gateway.connections === 2) {
    assert.ok(
      rev < 5000,
      "the server keeps everything for one who reads nothing",
    );
    stage.hear(said(chatId, ++rev, text));
    await line.heard("message.created", (event) => event.rev === rev);
  }
  assert.deepEqual([...stage.present], [bob.userId]);
  assert.equal(await closeCode(socket), 4008);
  stage.hear(said(chatId, ++rev));
  await line.heard("message.created", (event) => event.rev === rev);
});

Deno.test("replies nobody reads count too", async () => {
  const world = createWorld();
  await using stage = gatewayStage(world, {
    presence: {
      watch: (_, userIds) =>
        Promise.resolve(
          userIds.map((userId) => ({ userId, online: true, lastSeenAt: null })),
        ),
    },
  });
  const { token } = world.actor();
  using socket = await rawSocket(stage.url);
  await hello(socket, token);
  const userIds = Array.from(
    { length: limits.watchedUsers },
    () => crypto.randomUUID(),
  );
  const frame = JSON.stringify({ type: "watch", id: 1, userIds });
  await using line = await connect(stage.url, world.actor().token);
  for (let sent = 0; stage.gateway.connections === 2; sent++) {
    assert.ok(
      sent < 900,
      "the server keeps every reply for one who reads none",
    );
    await socket.send(opcodes.text, frame);
    await line.ask({ type: "ping" });
    world.now += 10;
  }
  assert.equal(await closeCode(socket), 4008);
});
