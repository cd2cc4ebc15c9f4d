import assert from "node:assert/strict";
import type { ReplyFrame } from "../../src/protocol/frames.ts";
import type { MessageId } from "../../src/protocol/ids.ts";
import { limits } from "../../src/protocol/limits.ts";
import { Problem } from "../../src/protocol/problem.ts";
import { connect } from "../support/peer.ts";
import { dialAs } from "./dialogue.ts";
import { createGate } from "./gate.ts";
import { newChat, newId, newUser } from "./news.ts";
import { gatewayStage } from "./stage.ts";
import { createWorld } from "./world.ts";

const codeOf = (reply: ReplyFrame) => reply.ok ? "ok" : reply.error.code;

const send = () => ({
  type: "send",
  chatId: newChat(),
  messageId: newId<MessageId>(),
  content: { type: "text", text: "Hello" },
});

const stored = (messageId: MessageId) => ({
  messageId,
  seq: 1,
  rev: 1,
  createdAt: "2026-01-01T00:00:00.000Z",
  duplicate: false,
});

Deno.test("each request gets exactly one reply, under the id it came with", async () => {
  const world = createWorld();
  await using stage = gatewayStage(world);
  const peer = await dialAs(stage.url, world.actor().token);
  const ids = [0, 2 ** 53 - 1, "a", "x".repeat(64), "\ud800", "0", "\0"];
  for (const id of ids) peer.say({ type: "ping", id });
  await peer.caughtUp();
  const [, ...replies] = peer.heard;
  assert.deepEqual(
    replies,
    ids.map((id) => ({ type: "reply", id, ok: true, data: {} })),
  );
  await peer.close();
});

for (
  const id of [-1, 1.5, 2 ** 53, "", "x".repeat(65), null, true, {}, [1]]
) {
  Deno.test(`a request with the id ${JSON.stringify(id).slice(0, 20)} has nobody to answer: 4400`, async () => {
    const world = createWorld();
    await using stage = gatewayStage(world);
    await using line = await connect(stage.url, world.actor().token);
    line.raw(JSON.stringify({ type: "ping", id }));
    assert.equal((await line.closed).code, 4400);
    assert.deepEqual(line.events, []);
  });
}

for (
  const [what, frame] of [
    ["of a type nobody knows", { type: "shout" }],
    ["without a type", {}],
    ["with a field nobody knows", { type: "ping", more: 1 }],
    ["with a field of another type", { ...send(), chatId: 1 }],
    ["without a field it needs", { ...send(), content: undefined }],
    [
      "with text that is not Unicode",
      { ...send(), content: { type: "text", text: "\ud800" } },
    ],
    ["that watches too many", {
      type: "watch",
      userIds: Array.from({ length: limits.watchedUsers + 1 }, newUser),
    }],
  ] as const
) {
  Deno.test(`a request ${what} is told why, and closes with 4400`, async () => {
    const world = createWorld();
    await using stage = gatewayStage(world);
    await using line = await connect(stage.url, world.actor().token);
    const reply = await line.ask({ type: "", ...frame });
    assert.equal(codeOf(reply), "invalid_input");
    assert.equal((await line.closed).code, 4400);
  });
}

Deno.test("a frame of bytes closes with 4400", async () => {
  const world = createWorld();
  await using stage = gatewayStage(world);
  await using line = await connect(stage.url, world.actor().token);
  line.raw(new TextEncoder().encode(JSON.stringify({ type: "ping", id: 1 })));
  assert.equal((await line.closed).code, 4400);
});

Deno.test("a frame up to the limit is read, one byte more closes with 4413", async () => {
  const world = createWorld();
  await using stage = gatewayStage(world);
  await using line = await connect(stage.url, world.actor().token);
  const ping = JSON.stringify({ type: "ping", id: 1 });
  // Two bytes a letter: it is bytes that count.
  const wide = JSON.stringify({ type: "ping", id: "é".repeat(64) });
  const bytes = new TextEncoder().encode(wide).length;
  const most = wide + " ".repeat(limits.frameBytes - bytes);
  line.raw(most);
  line.raw(ping);
  await line.ask({ type: "ping" });
  line.raw(`${most} `);
  assert.equal((await line.closed).code, 4413);
});

Deno.test("frames beyond the rate close with 4429, and the rate comes back with time", async () => {
  const world = createWorld();
  await using stage = gatewayStage(world);
  await using line = await connect(stage.url, world.actor().token);
  const { frameBurst, framesPerSecond } = limits;
  const pings = (count: number) =>
    Array.from({ length: count }, () => line.ask({ type: "ping" }));
  // Hello was the first frame.
  for (let left = frameBurst - 1; left > 0; left -= 200) {
    await Promise.all(pings(Math.min(200, left)));
  }
  world.now += 1000;
  for (let left = framesPerSecond; left > 0; left -= 200) {
    await Promise.all(pings(Math.min(200, left)));
  }
  line.raw(JSON.stringify({ type: "ping", id: "too much" }));
  assert.equal((await line.closed).code, 4429);
});

Deno.test("a connection has so many requests under way, and one too many is told to wait", async () => {
  const world = createWorld();
  const gate = createGate();
  await using stage = gatewayStage(world, {
    messages: {
      async send(_chatId, _by, { messageId }) {
        await gate.pass();
        return stored(messageId!);
      },
    },
  });
  await using line = await connect(stage.url, world.actor().token);
  const underway = Array.from(
    { length: limits.requestsAtOnce },
    () => line.ask(send()),
  );
  const refused = await line.ask(send());
  assert.equal(codeOf(refused), "rate_limited");
  gate.open();
  assert.deepEqual(
    new Set((await Promise.all(underway)).map(codeOf)),
    new Set(["ok"]),
  );
  assert.equal(codeOf(await line.ask(send())), "ok");
});

Deno.test("a request that fails inside says so, shows nothing, and the connection lives on", async () => {
  const world = createWorld();
  const faults = [
    () => Promise.reject(new Error("select secret from messages")),
    () => Promise.reject("a string"),
    () => Promise.reject(undefined),
    () => {
      throw new Error("thrown before any promise");
    },
  ];
  await using stage = gatewayStage(world, {
    messages: { send: () => faults.shift()!() },
  });
  await using line = await connect(stage.url, world.actor().token);
  for (let left = faults.length; left > 0; left--) {
    const reply = await line.ask(send());
    assert.equal(codeOf(reply), "internal");
    assert.doesNotMatch(JSON.stringify(reply), /select|secret|string|thrown/);
  }
  assert.equal(codeOf(await line.ask({ type: "ping" })), "ok");
  assert.equal(stage.complaints.length, 4);
});

Deno.test("a problem comes back as it is", async () => {
  const world = createWorld();
  const problem = new Problem("id_taken", { detail: "Taken" });
  await using stage = gatewayStage(world, {
    messages: { send: () => Promise.reject(problem) },
  });
  await using line = await connect(stage.url, world.actor().token);
  const reply = await line.ask(send());
  assert.deepEqual(reply.ok === false && reply.error, problem.document());
  assert.deepEqual(stage.complaints, []);
});

Deno.test("a reply that comes after the close goes nowhere and harms nothing", async () => {
  const world = createWorld();
  const gate = createGate();
  await using stage = gatewayStage(world, {
    messages: {
      async send(_chatId, _by, { messageId }) {
        await gate.pass();
        return stored(messageId!);
      },
    },
  });
  const line = await connect(stage.url, world.actor().token);
  line.raw(JSON.stringify({ id: "late", ...send() }));
  await gate.reached;
  line.close();
  await line.closed;
  gate.open();
  await using other = await connect(stage.url, world.actor().token);
  assert.equal(codeOf(await other.ask({ type: "ping" })), "ok");
  assert.deepEqual(stage.complaints, []);
});

Deno.test("typing is heard by the members, and refused to everyone else", async () => {
  const world = createWorld();
  const [ann, bob, eve] = [world.actor(), world.actor(), world.actor()];
  const chatId = world.chatOf(ann, bob);
  await using stage = gatewayStage(world);
  await using annLine = await connect(stage.url, ann.token);
  await using bobLine = await connect(stage.url, bob.token);
  await using eveLine = await connect(stage.url, eve.token);
  const typing = { type: "typing", chatId, active: true };
  assert.equal(codeOf(await eveLine.ask(typing)), "not_found");
  const own = { ...typing, chatId: eve.userId };
  assert.equal(codeOf(await eveLine.ask(own)), "not_found");
  // Without an id nobody is answered, whatever comes of it.
  eveLine.raw(JSON.stringify(typing));
  annLine.raw(JSON.stringify(typing));
  const event = await bobLine.heard("typing");
  assert.equal(event.userId, ann.userId);
  await eveLine.ask({ type: "ping" });
  assert.equal(bobLine.events.length, 1);
  assert.deepEqual(eveLine.events, []);
});
