import assert from "node:assert/strict";
import type { DeviceId } from "../../src/protocol/ids.ts";
import { created, heardBy, hubStage, listenerIn } from "./hub_stage.ts";
import { newChat, newId, rung, said, signedOut } from "./news.ts";

Deno.test("the hub passes news on in order, and drops what it has passed on", async () => {
  const stage = hubStage();
  const chatId = newChat();
  const ann = await listenerIn(stage, chatId, 4);
  const five = said(chatId, 5);
  stage.hub.receive([said(chatId, 4), five, five, said(chatId, 6)]);
  stage.hub.receive([five, said(chatId, 3)]);
  assert.deepEqual(heardBy(ann), created(5, 6));
  stage.hub.leave(ann);
});

Deno.test("news that comes too early waits for what is before it", async () => {
  const stage = hubStage();
  const chatId = newChat();
  const ann = await listenerIn(stage, chatId, 4);
  stage.hub.receive([said(chatId, 7), said(chatId, 6)]);
  assert.deepEqual(heardBy(ann), []);
  stage.hub.receive([said(chatId, 5)]);
  assert.deepEqual(heardBy(ann), created(5, 6, 7));
  stage.hub.leave(ann);
});

Deno.test("an event is encoded once, whatever the number of listeners", async () => {
  const stage = hubStage();
  const chatId = newChat();
  const ears = await Promise.all(
    Array.from({ length: 5 }, () => listenerIn(stage, chatId, 4)),
  );
  let encodings = 0;
  const five = said(chatId, 5);
  const toJSON = () => {
    encodings++;
    return { ...five.event };
  };
  const counted = { ...five, event: { ...five.event!, toJSON } };
  stage.hub.receive([counted]);
  assert.equal(encodings, 1);
  for (const one of ears) {
    assert.deepEqual(heardBy(one), created(5));
    stage.hub.leave(one);
  }
});

Deno.test("that a person came or went is not the account's own news", async () => {
  const stage = hubStage();
  const ann = await listenerIn(stage, newChat(), 4);
  // Something is missing before this one, and has the time to come.
  stage.hub.receive([signedOut(ann.userId, 3, newId<DeviceId>())]);
  stage.hub.receive([rung(ann.userId)]);
  await stage.background.settled();
  assert.deepEqual([stage.complaints, heardBy(ann)], [[], []]);
  stage.hub.leave(ann);
});

Deno.test("a listener that goes while it is told keeps nothing from the others", async () => {
  const stage = hubStage();
  const chatId = newChat();
  const ann = await listenerIn(stage, chatId, 4);
  const bob = await listenerIn(stage, chatId, 4);
  ann.onEvent = () => stage.hub.leave(ann);
  stage.hub.receive([said(chatId, 5), said(chatId, 6)]);
  assert.deepEqual(heardBy(ann), created(5));
  assert.deepEqual(heardBy(bob), created(5, 6));
  stage.hub.leave(bob);
});

Deno.test("with the last listener everything goes", async () => {
  const stage = hubStage();
  const chatId = newChat();
  const ann = await listenerIn(stage, chatId, 4);
  const bob = await listenerIn(stage, chatId, 4);
  // A gap leaves a timer running, which must go with its scope.
  stage.hub.receive([said(chatId, 6)]);
  assert.ok(stage.interest.shards > 0);
  stage.hub.leave(ann);
  stage.hub.leave(bob);
  stage.hub.leave(bob);
  assert.equal(stage.hub.scopes, 0);
  assert.equal(stage.interest.shards, 0);
});
