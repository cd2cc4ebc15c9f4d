import assert from "node:assert/strict";
import { created, ear, heardBy, hubStage, listenerIn } from "./hub_stage.ts";
import {
  ended,
  left,
  newChat,
  newUser,
  removed,
  said,
  signedOut,
  welcomed,
  withoutEvent,
} from "./news.ts";

Deno.test("a removal takes effect before the news of it is passed on", async () => {
  const stage = hubStage();
  const chatId = newChat();
  const ann = await listenerIn(stage, chatId, 4);
  const bob = await listenerIn(stage, chatId, 4);
  stage.hub.receive([left(chatId, 5, bob.userId), said(chatId, 6)]);
  assert.deepEqual(heardBy(bob), []);
  assert.deepEqual(heardBy(ann), [["member.left", 5], ...created(6)]);
  assert.equal(stage.hub.isIn(bob, chatId), false);
  stage.hub.leave(ann);
  stage.hub.leave(bob);
});

Deno.test("a removal that only the database tells takes effect before the listeners pull", async () => {
  const bobId = newUser();
  const stage = hubStage({
    reorderMs: 1,
    catchUpChat: () =>
      Promise.resolve({ rev: 6, deleted: false, left: [bobId] }),
  });
  const chatId = newChat();
  const ann = await listenerIn(stage, chatId, 4);
  const bob = await listenerIn(stage, chatId, 4, bobId);
  stage.hub.receive([said(chatId, 6)]);
  await ann.heard("chat.behind");
  assert.deepEqual(heardBy(bob), []);
  stage.hub.leave(ann);
  stage.hub.leave(bob);
});

Deno.test("late news of leaving does not put out a person who has come back", async () => {
  const stage = hubStage({
    catchUpChat: (_, rev) => Promise.resolve({ rev, deleted: false, left: [] }),
  });
  const chatId = newChat();
  const ann = await listenerIn(stage, chatId, 4);
  const bob = await listenerIn(stage, chatId, 4);
  // The account's shard is ahead of the chat's: removed at 5, back at 6.
  stage.hub.receive([
    removed(bob.userId, 2, chatId),
    welcomed(bob.userId, 3, chatId, 6),
    left(chatId, 5, bob.userId),
    said(chatId, 6),
    said(chatId, 7),
  ]);
  await stage.background.settled();
  assert.equal(stage.hub.isIn(bob, chatId), true);
  assert.deepEqual(heardBy(bob).at(-1), ["message.created", 7]);
  stage.hub.leave(ann);
  stage.hub.leave(bob);
});

Deno.test("news of a chat lets in all connections of the person", async () => {
  const stage = hubStage({
    catchUpChat: (_, rev) => Promise.resolve({ rev, deleted: false, left: [] }),
  });
  const userId = newUser();
  const [phone, laptop] = [ear(userId), ear(userId)];
  for (const listener of [phone, laptop]) {
    await stage.hub.enter(listener, [userId]);
    stage.hub.know(listener, userId, 1);
  }
  const chatId = newChat();
  stage.hub.receive([welcomed(userId, 2, chatId, 3), said(chatId, 4)]);
  for (const listener of [phone, laptop]) {
    assert.deepEqual(heardBy(listener), [["chat.created", 3], ...created(4)]);
  }
  await stage.background.settled();
  stage.hub.leave(phone);
  stage.hub.leave(laptop);
  assert.equal(stage.hub.scopes, 0);
});

Deno.test("what happened before the news of a new chat arrived is looked for", async () => {
  const stage = hubStage({
    catchUpChat: () => Promise.resolve({ rev: 9, deleted: false, left: [] }),
  });
  const userId = newUser();
  const ann = ear(userId);
  await stage.hub.enter(ann, [userId]);
  stage.hub.know(ann, userId, 1);
  stage.hub.receive([welcomed(userId, 2, newChat(), 3)]);
  await ann.heard("chat.behind");
  assert.deepEqual(heardBy(ann), [["chat.created", 3], ["chat.behind", 9]]);
  stage.hub.leave(ann);
});

Deno.test("with a deleted chat its listeners go", async () => {
  const stage = hubStage();
  const chatId = newChat();
  const ann = await listenerIn(stage, chatId, 4);
  stage.hub.receive([ended(chatId, 5), said(chatId, 6)]);
  assert.deepEqual(heardBy(ann), [["chat.deleted", 5]]);
  assert.equal(stage.hub.scopes, 1);
  stage.hub.leave(ann);
});

Deno.test("a chat that the database says was deleted ends for its listeners", async () => {
  const stage = hubStage({
    reorderMs: 1,
    catchUpChat: () => Promise.resolve({ rev: 6, deleted: true, left: [] }),
  });
  const chatId = newChat();
  const ann = await listenerIn(stage, chatId, 4);
  stage.hub.onHeads([{ scopeId: chatId, rev: 6 }]);
  await ann.heard("chat.deleted");
  assert.equal(stage.hub.scopes, 1);
  stage.hub.leave(ann);
});

Deno.test("a sign-out reaches the connections of that device alone", async () => {
  const stage = hubStage();
  const userId = newUser();
  const [phone, laptop] = [ear(userId), ear(userId)];
  for (const listener of [phone, laptop]) {
    await stage.hub.enter(listener, [userId]);
    stage.hub.know(listener, userId, 1);
  }
  stage.hub.receive([signedOut(userId, 2, phone.deviceId)]);
  assert.deepEqual([phone.isRevoked, laptop.isRevoked], [true, false]);
  stage.hub.leave(phone);
  stage.hub.leave(laptop);
});

Deno.test("news without its event is looked up at once, with what it does to who may listen", async () => {
  const bobId = newUser();
  const stage = hubStage({
    catchUpChat: () =>
      Promise.resolve({ rev: 5, deleted: false, left: [bobId] }),
  });
  const chatId = newChat();
  const ann = await listenerIn(stage, chatId, 4);
  const bob = await listenerIn(stage, chatId, 4, bobId);
  stage.hub.receive([withoutEvent(left(chatId, 5, bobId))]);
  await ann.heard("chat.behind");
  assert.deepEqual(heardBy(bob), []);
  assert.equal(stage.hub.isIn(bob, chatId), false);
  stage.hub.leave(ann);
  stage.hub.leave(bob);
});

Deno.test("nobody is in an account as one is in a chat", async () => {
  const stage = hubStage();
  const chatId = newChat();
  const ann = await listenerIn(stage, chatId, 4);
  assert.equal(stage.hub.isIn(ann, chatId), true);
  assert.equal(stage.hub.isIn(ann, ann.userId as string as never), false);
  stage.hub.leave(ann);
});
