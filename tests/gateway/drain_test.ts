import assert from "node:assert/strict";
import type { ReplyFrame } from "../../src/protocol/frames.ts";
import type { MessageId } from "../../src/protocol/ids.ts";
import { dial, dialAs } from "./dialogue.ts";
import { createGate } from "./gate.ts";
import { newChat, newId } from "./news.ts";
import { rawSocket } from "./raw_socket.ts";
import { gatewayStage } from "./stage.ts";
import { createWorld } from "./world.ts";

const send = {
  type: "send",
  id: "send",
  chatId: newChat(),
  messageId: newId<MessageId>(),
  content: { type: "text", text: "Hello" },
};

Deno.test("a draining gateway tells everyone, takes no new work, and answers what is under way before it closes", async () => {
  const world = createWorld();
  const gate = createGate();
  const finished = Promise.withResolvers<void>();
  await using stage = gatewayStage(world, {
    messages: {
      async send(_chatId, _by, { messageId }) {
        await gate.pass();
        finished.resolve();
        const createdAt = new Date(0).toISOString();
        return {
          messageId: messageId!,
          seq: 1,
          rev: 1,
          createdAt,
          duplicate: false,
        };
      },
    },
  });
  const ann = await dialAs(stage.url, world.actor().token);
  const silent = await dial(stage.url);
  ann.say(send);
  await gate.reached;

  const drained = stage.gateway.drain(() => finished.promise);
  const draining = await ann.until(({ type }) => type === "server.draining");
  assert.ok(draining.type === "server.draining");
  assert.ok(draining.reconnectInMs >= 0 && draining.reconnectInMs <= 2000);

  ann.say({ type: "ping", id: "new" });
  const refused = await ann.until((frame) =>
    frame.type === "reply" && frame.id === "new"
  ) as ReplyFrame;
  assert.equal(refused.ok === false && refused.error.code, "unavailable");

  silent.say({ type: "hello", id: 1, token: world.actor().token });
  assert.equal((await silent.closed).code, 1012);
  const [answer] = silent.heard.filter(({ type }) => type === "reply");
  assert.ok(answer?.type === "reply" && answer.ok === false);
  assert.equal(answer.error.code, "unavailable");
  using late = await rawSocket(stage.url);
  assert.equal(late.status, 503);

  gate.open();
  await drained;
  assert.equal((await ann.closed).code, 1012);
  const last = ann.heard.at(-1) as ReplyFrame;
  assert.deepEqual([last.id, last.ok], ["send", true]);
  assert.equal(stage.gateway.connections, 0);
  assert.equal(stage.hub.scopes, 0);
});

Deno.test("a socket that opens while the gateway drains is sent elsewhere", async () => {
  const world = createWorld();
  await using stage = gatewayStage(world, {
    serve(request) {
      const response = stage.gateway.upgrade(request);
      void stage.gateway.drain(() => Promise.resolve());
      return response;
    },
  });
  const peer = await dial(stage.url);
  assert.equal((await peer.closed).code, 1012);
  assert.equal(stage.gateway.connections, 0);
});

Deno.test("the hints to come back are spread, so that not all come at once", async () => {
  const world = createWorld();
  await using stage = gatewayStage(world);
  const peers = await Promise.all(
    Array.from({ length: 20 }, () => dial(stage.url)),
  );
  await stage.gateway.drain(() => Promise.resolve());
  await Promise.all(peers.map(({ closed }) => closed));
  const hints = peers.map(({ heard }) => {
    const [event] = heard;
    assert.ok(event?.type === "server.draining");
    return event.reconnectInMs;
  });
  assert.ok(new Set(hints).size > 5);
});
