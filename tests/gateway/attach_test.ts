import assert from "node:assert/strict";
import type { Event } from "../../src/protocol/events.ts";
import type { ReplyFrame, ServerFrame } from "../../src/protocol/frames.ts";
import type { ChatId } from "../../src/protocol/ids.ts";
import type { Welcome } from "../../src/protocol/sync.ts";
import { connect } from "../support/peer.ts";
import { dial } from "./dialogue.ts";
import { createGate } from "./gate.ts";
import { left, removed, said, signedOut, welcomed } from "./news.ts";
import { gatewayStage } from "./stage.ts";
import { createWorld } from "./world.ts";

/** The revs of a chat that a connection knows of, in the order of its hearing: the snapshot's, then each event's. */
function revsOf(chatId: ChatId, frames: readonly ServerFrame[]): number[] {
  const [hello, ...events] = frames as [
    ReplyFrame & { data: Welcome },
    ...Event[],
  ];
  const head = hello.data.chats.find((chat) => chat.chatId === chatId);
  return [
    ...(head ? [head.rev] : []),
    ...events.flatMap((event) =>
      "rev" in event && event.chatId === chatId ? [event.rev!] : []
    ),
  ];
}

/** Says hello, and does not wait for the answer. */
async function greet(url: string, token: string) {
  const peer = await dial(url);
  peer.say({ type: "hello", id: "hello", token });
  return {
    ...peer,
    /** Everything heard from hello to now. */
    async frames() {
      await peer.until(({ type }) => type === "reply");
      await peer.caughtUp();
      return peer.heard;
    },
  };
}

for (
  const [when, expected] of [
    ["before", [2]],
    ["after", [1, 2]],
  ] as const
) {
  Deno.test(`an event ${when} the snapshot is taken comes once, and is not lost`, async () => {
    const world = createWorld();
    const gate = createGate();
    const ann = world.actor();
    const chatId = world.chatOf(ann);
    await using stage = gatewayStage(world, {
      inbox: {
        async readHeads(userId) {
          if (when === "before") await gate.pass();
          const heads = await world.readHeads(userId);
          if (when === "after") await gate.pass();
          return heads;
        },
      },
    });
    const peer = await greet(stage.url, ann.token);
    await gate.reached;
    stage.say(chatId);
    gate.open();
    assert.deepEqual(revsOf(chatId, await peer.frames()), expected);
    await peer.close();
  });
}

Deno.test("an event while the user is read, after the snapshot, follows the answer", async () => {
  const world = createWorld();
  const gate = createGate();
  const looked = Promise.withResolvers<void>();
  const ann = world.actor();
  const chatId = world.chatOf(ann);
  await using stage = gatewayStage(world, {
    inbox: {
      async readHeads(userId) {
        const heads = await world.readHeads(userId);
        looked.resolve();
        return heads;
      },
    },
    async readUser(caller) {
      await gate.pass();
      return await world.readUser(caller);
    },
  });
  const peer = await greet(stage.url, ann.token);
  await Promise.all([gate.reached, looked.promise]);
  stage.say(chatId);
  stage.say(chatId);
  gate.open();
  assert.deepEqual(revsOf(chatId, await peer.frames()), [1, 2, 3]);
  await peer.close();
});

Deno.test("of two who attach at once, the one whose snapshot is older misses nothing", async () => {
  const world = createWorld();
  const [ann, bob] = [world.actor(), world.actor()];
  const chatId = world.chatOf(ann, bob);
  const gates = { [ann.userId]: createGate(), [bob.userId]: createGate() };
  await using stage = gatewayStage(world, {
    inbox: {
      async readHeads(userId) {
        const heads = await world.readHeads(userId);
        await gates[userId]!.pass();
        return heads;
      },
    },
  });
  // Bob looks at rev 1. Then 2 and 3 happen, and the announcements stay out. Ann looks at 3.
  const bobs = await greet(stage.url, bob.token);
  await gates[bob.userId]!.reached;
  world.chats.get(chatId)!.rev = 3;
  const anns = await greet(stage.url, ann.token);
  await gates[ann.userId]!.reached;
  gates[ann.userId]!.open();
  const heardByAnn = await anns.frames();
  stage.hear(said(chatId, 2), said(chatId, 3));
  gates[bob.userId]!.open();
  const heardByBob = await bobs.frames();
  assert.deepEqual(revsOf(chatId, heardByAnn), [3]);
  assert.deepEqual(revsOf(chatId, heardByBob), [1, 3]);
  assert.equal(heardByBob.at(-1)!.type, "chat.behind");
  await anns.close();
  await bobs.close();
});

Deno.test("a chat that comes while hello looks is in the answer and is listened to", async () => {
  const world = createWorld();
  const ann = world.actor();
  const gate = createGate();
  await using stage = gatewayStage(world, {
    inbox: {
      async readHeads(userId) {
        await gate.pass();
        return await world.readHeads(userId);
      },
    },
  });
  const peer = await greet(stage.url, ann.token);
  await gate.reached;
  // Stored, while the news of it is still on its way from another isolate.
  const chatId = world.chatOf(ann);
  world.accountRevs.set(ann.userId, 2);
  gate.open();
  await peer.frames();
  stage.hear(welcomed(ann.userId, 2, chatId, 1));
  stage.say(chatId);
  assert.deepEqual(revsOf(chatId, await peer.frames()), [1, 2]);
  await peer.close();
});

Deno.test("a chat lost while hello looks is neither in the answer nor listened to", async () => {
  const world = createWorld();
  const [ann, bob] = [world.actor(), world.actor()];
  const chatId = world.chatOf(ann, bob);
  const gate = createGate();
  let looks = 0;
  await using stage = gatewayStage(world, {
    inbox: {
      async readHeads(userId) {
        if (userId === ann.userId && ++looks === 1) await gate.pass();
        return await world.readHeads(userId);
      },
    },
  });
  const peer = await greet(stage.url, ann.token);
  await gate.reached;
  world.chats.get(chatId)!.members.delete(ann.userId);
  world.chats.get(chatId)!.rev = 2;
  gate.open();
  const hello = (await peer.frames())[0] as ReplyFrame & { data: Welcome };
  assert.deepEqual(hello.data.chats, []);
  await using line = await connect(stage.url, bob.token);
  // The news of it comes late: it is old by now.
  stage.hear(left(chatId, 2, ann.userId), removed(ann.userId, 2, chatId));
  stage.say(chatId);
  await line.heard("message.created");
  assert.deepEqual(revsOf(chatId, await peer.frames()), []);
  await peer.close();
});

Deno.test("what is said in a chat after losing it is not passed on with the answer to hello", async () => {
  const world = createWorld();
  const [ann, bob] = [world.actor(), world.actor()];
  const chatId = world.chatOf(ann, bob);
  const [listed, looking] = [createGate(), createGate()];
  await using stage = gatewayStage(world, {
    inbox: {
      async chatIds(userId) {
        const chatIds = await world.chatIds(userId);
        if (userId === ann.userId) await listed.pass();
        return chatIds;
      },
      async readHeads(userId) {
        if (userId === ann.userId) await looking.pass();
        return await world.readHeads(userId);
      },
    },
  });
  await using line = await connect(stage.url, bob.token);
  const peer = await greet(stage.url, ann.token);
  await listed.reached;
  // The list that ann enters by is old: the loss was told before she listens there.
  const chat = world.chats.get(chatId)!;
  chat.members.delete(ann.userId);
  chat.rev = 3;
  stage.hear(left(chatId, 2, ann.userId));
  listed.open();
  await looking.reached;
  stage.hear(said(chatId, 3));
  await line.heard("message.created", ({ rev }) => rev === 3);
  looking.open();
  assert.deepEqual(revsOf(chatId, await peer.frames()), []);
  await peer.close();
});

Deno.test("what comes and goes while hello is answered takes effect after it", async () => {
  const world = createWorld();
  const [ann, bob] = [world.actor(), world.actor()];
  const chatId = world.chatOf(ann, bob);
  const gate = createGate();
  await using stage = gatewayStage(world, {
    inbox: {
      async readHeads(userId) {
        const heads = await world.readHeads(userId);
        if (userId === ann.userId) await gate.pass();
        return heads;
      },
    },
  });
  await using line = await connect(stage.url, bob.token);
  const peer = await greet(stage.url, ann.token);
  await gate.reached;
  const chat = world.chats.get(chatId)!;
  chat.members.delete(ann.userId);
  chat.rev = 4;
  stage.hear(said(chatId, 2), left(chatId, 3, ann.userId));
  stage.hear(removed(ann.userId, 2, chatId), said(chatId, 4));
  gate.open();
  const frames = await peer.frames();
  await line.heard("message.created", ({ rev }) => rev === 4);
  assert.ok(!revsOf(chatId, frames).includes(4));
  await peer.close();
});

Deno.test("a device signed out while hello is answered is closed at once", async () => {
  const world = createWorld();
  const ann = world.actor();
  const gate = createGate();
  await using stage = gatewayStage(world, {
    async readUser(caller) {
      await gate.pass();
      return await world.readUser(caller);
    },
  });
  const peer = await greet(stage.url, ann.token);
  await gate.reached;
  stage.hear(signedOut(ann.userId, 2, ann.deviceId));
  gate.open();
  assert.equal((await peer.closed).code, 4401);
  assert.equal(stage.hub.scopes, 0);
  assert.equal(stage.present.size, 0);
});
