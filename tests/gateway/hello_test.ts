import assert from "node:assert/strict";
import type { ReplyFrame } from "../../src/protocol/frames.ts";
import { Problem } from "../../src/protocol/problem.ts";
import { connect } from "../support/peer.ts";
import { dial } from "./dialogue.ts";
import { createGate } from "./gate.ts";
import { gatewayStage } from "./stage.ts";
import { createWorld } from "./world.ts";

/** Says these frames at once, and hears everything until the socket is closed. */
async function exchange(url: string, ...frames: unknown[]) {
  const peer = await dial(url);
  peer.say(...frames);
  const { code, reason } = await peer.closed;
  return { code, reason, replies: peer.heard as ReplyFrame[] };
}

const codeOf = (reply: ReplyFrame | undefined) =>
  reply?.ok === false ? reply.error.code : reply?.ok;

Deno.test("hello is answered with who one is and where one's chats stand", async () => {
  const world = createWorld();
  await using stage = gatewayStage(world);
  const ann = world.actor();
  const chatId = world.chatOf(ann);
  await using line = await connect(stage.url, ann.token);
  assert.equal(line.welcome.user.userId, ann.userId);
  assert.equal(line.welcome.deviceId, ann.deviceId);
  assert.deepEqual(line.welcome.chats.map((chat) => [chat.chatId, chat.rev]), [
    [chatId, 1],
  ]);
  assert.deepEqual([...stage.present], [ann.userId]);
});

Deno.test("a socket that says nothing is closed with 4408 after 5 seconds, and not before", async () => {
  const world = createWorld();
  await using stage = gatewayStage(world);
  const ann = world.actor();
  const silent = await dial(stage.url);
  world.now += 5000;
  // The checks run each millisecond: this exchange outlasts many of them.
  await using line = await connect(stage.url, ann.token);
  for (let i = 0; i < 5; i++) await line.ask({ type: "ping" });
  assert.equal(silent.socket.readyState, WebSocket.OPEN);
  world.now += 1;
  assert.equal((await silent.closed).code, 4408);
  assert.equal((await line.ask({ type: "ping" })).ok, true);
});

for (
  const [what, frame, code, problem] of [
    ["without a token", { type: "hello", id: 1 }, 4401, "unauthenticated"],
    [
      "with a token nobody issued",
      { type: "hello", id: 1, token: "garbage" },
      4401,
      "unauthenticated",
    ],
    [
      "with a token that is no text",
      { type: "hello", id: 1, token: 7 },
      4400,
      "invalid_input",
    ],
    [
      "with a field nobody knows",
      { type: "hello", id: 1, token: "t", more: true },
      4400,
      "invalid_input",
    ],
    ["without an id", { type: "hello", token: "t" }, 4400, undefined],
    [
      "with an id that is none",
      { type: "hello", id: 1.5, token: "t" },
      4400,
      undefined,
    ],
    ["that is a request", { type: "ping", id: "a" }, 4400, "invalid_input"],
    ["that is an array", [1], 4400, undefined],
    ["that is null", null, 4400, undefined],
    ["that is no JSON", "{", 4400, undefined],
  ] as const
) {
  Deno.test(`a first frame ${what} is answered where it can be, and closes with ${code}`, async () => {
    await using stage = gatewayStage(createWorld());
    const { code: closed, replies } = await exchange(stage.url, frame);
    assert.equal(closed, code);
    assert.deepEqual(
      replies.map(codeOf),
      problem === undefined ? [] : [problem],
    );
  });
}

for (const code of ["token_expired", "token_revoked"] as const) {
  Deno.test(`a hello with ${code} is told so before it is closed`, async () => {
    const authenticate = () => Promise.reject(new Problem(code));
    await using stage = gatewayStage(createWorld(), { authenticate });
    const hello = { type: "hello", id: "h", token: "t" };
    const { code: closed, replies } = await exchange(stage.url, hello);
    assert.equal(closed, 4401);
    assert.deepEqual(replies.map(({ id }) => id), ["h"]);
    assert.equal(codeOf(replies[0]), code);
  });
}

Deno.test("a sign-out between the token's check and the listening is not missed", async () => {
  const world = createWorld();
  let looks = 0;
  await using stage = gatewayStage(world, {
    authenticate: (token) =>
      ++looks === 1
        ? world.authenticate(token)
        : Promise.reject(new Problem("token_revoked")),
  });
  const { token } = world.actor();
  const hello = { type: "hello", id: 1, token };
  const { code, replies } = await exchange(stage.url, hello);
  assert.equal(code, 4401);
  assert.deepEqual(replies.map(codeOf), ["token_revoked"]);
  assert.equal(stage.hub.scopes, 0);
});

Deno.test("a second hello is refused, whether the first was answered or not", async () => {
  const world = createWorld();
  const gate = createGate();
  await using stage = gatewayStage(world, {
    inbox: {
      async readHeads(userId) {
        await gate.pass();
        return await world.readHeads(userId);
      },
    },
  });
  const { token } = world.actor();
  const hello = (id: number) => ({ type: "hello", id, token });
  const early = await exchange(stage.url, hello(1), hello(2));
  assert.deepEqual(early.replies.map(({ id }) => id), [2]);
  assert.equal(codeOf(early.replies[0]), "invalid_input");
  assert.equal(early.code, 4400);

  gate.open();
  await using line = await connect(stage.url, token);
  const late = await line.ask({ type: "hello", token });
  assert.equal(codeOf(late), "invalid_input");
  assert.equal((await line.closed).code, 4400);
});

Deno.test("a request has to wait for the answer to hello", async () => {
  const world = createWorld();
  const gate = createGate();
  await using stage = gatewayStage(world, {
    inbox: {
      async readHeads(userId) {
        await gate.pass();
        return await world.readHeads(userId);
      },
    },
  });
  const { token } = world.actor();
  const peer = await dial(stage.url);
  peer.say({ type: "hello", id: 1, token });
  await gate.reached;
  peer.say({ type: "ping", id: 2 });
  assert.equal((await peer.closed).code, 4400);
  assert.deepEqual((peer.heard as ReplyFrame[]).map(({ id }) => id), [2]);
  gate.open();
});

Deno.test("a hello that the database cannot answer now is sent elsewhere, and leaves nothing behind", async () => {
  const world = createWorld();
  const ann = world.actor();
  world.chatOf(ann);
  await using stage = gatewayStage(world, {
    inbox: { readHeads: () => Promise.reject(new Problem("unavailable")) },
  });
  const hello = { type: "hello", id: 1, token: ann.token };
  const { code, replies } = await exchange(stage.url, hello);
  assert.equal(code, 1012);
  assert.deepEqual(replies.map(codeOf), ["unavailable"]);
  assert.equal(stage.hub.scopes, 0);
  assert.equal(stage.interest.shards, 0);
  assert.equal(stage.present.size, 0);
});

Deno.test("a fault in hello shows nothing of itself", async () => {
  const world = createWorld();
  await using stage = gatewayStage(world, {
    readUser: () => Promise.reject(new Error("select secret from users")),
  });
  const hello = { type: "hello", id: 1, token: world.actor().token };
  const { code, replies, reason } = await exchange(stage.url, hello);
  assert.equal(code, 1012);
  assert.deepEqual(replies.map(codeOf), ["internal"]);
  assert.doesNotMatch(JSON.stringify(replies) + reason, /select|secret/);
  assert.equal(stage.complaints.length, 1);
});
