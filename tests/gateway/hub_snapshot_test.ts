import assert from "node:assert/strict";
import { created, ear, heardBy, hubStage } from "./hub_stage.ts";
import type { ChatId } from "../../src/protocol/ids.ts";
import { newChat, newUser, said, signedOut, typing } from "./news.ts";

Deno.test("news waits until the first snapshot tells where the chat stands", async () => {
  const stage = hubStage();
  const chatId = newChat();
  const userId = newUser();
  const ann = ear(userId);
  await stage.hub.enter(ann, [userId, chatId]);
  stage.hub.receive([said(chatId, 7), said(chatId, 5), said(chatId, 6)]);
  stage.hub.receive([typing(chatId, newUser())]);
  assert.deepEqual(heardBy(ann), [["typing", null]]);
  stage.hub.know(ann, chatId, 5);
  assert.deepEqual(heardBy(ann).slice(1), created(6, 7));
  stage.hub.leave(ann);
});

Deno.test("a gap in what waited for the first snapshot is looked for", async () => {
  const stage = hubStage({
    reorderMs: 1,
    catchUpChat: () => Promise.resolve({ rev: 7, deleted: false, left: [] }),
  });
  const chatId = newChat();
  const userId = newUser();
  const ann = ear(userId);
  await stage.hub.enter(ann, [userId, chatId]);
  stage.hub.receive([said(chatId, 7)]);
  stage.hub.know(ann, chatId, 5);
  await ann.heard("chat.behind");
  assert.deepEqual(heardBy(ann), [["chat.behind", 7]]);
  stage.hub.leave(ann);
});

Deno.test("of two who come at once, the one with the older snapshot is told to pull", async () => {
  const stage = hubStage();
  const chatId = newChat();
  const [ann, bob] = [ear(newUser()), ear(newUser())];
  await stage.hub.enter(ann, [chatId]);
  await stage.hub.enter(bob, [chatId]);
  // Bob looked at 6 and Ann at 8; 7 and 8 come late, when Ann has them already.
  stage.hub.know(ann, chatId, 8);
  stage.hub.receive([said(chatId, 7), said(chatId, 8)]);
  stage.hub.know(bob, chatId, 6);
  stage.hub.receive([said(chatId, 9)]);
  assert.deepEqual(heardBy(ann), created(9));
  assert.deepEqual(heardBy(bob), [["chat.behind", 8], ...created(9)]);
  stage.hub.leave(ann);
  stage.hub.leave(bob);
});

Deno.test("of two who come at once, the one with the newer snapshot keeps nothing from the other", async () => {
  const stage = hubStage();
  const chatId = newChat();
  const [ann, bob] = [ear(newUser()), ear(newUser())];
  await stage.hub.enter(ann, [chatId]);
  await stage.hub.enter(bob, [chatId]);
  stage.hub.know(bob, chatId, 6);
  stage.hub.know(ann, chatId, 8);
  stage.hub.receive([said(chatId, 7), said(chatId, 8), said(chatId, 9)]);
  assert.deepEqual(heardBy(bob), created(7, 8, 9));
  stage.hub.leave(ann);
  stage.hub.leave(bob);
});

Deno.test("of two devices that come at once, what only the newer snapshot knows takes effect on the other", async () => {
  const userId = newUser();
  const [phone, laptop] = [ear(userId), ear(userId)];
  const [gone, begun] = [newChat(), newChat()];
  const looked: number[] = [];
  const stage = hubStage({
    catchUpAccount: (_, from) => {
      looked.push(from);
      return Promise.resolve({
        accountRev: 8,
        joined: [{ chatId: begun, rev: 1, hiddenUpTo: 0 }],
        left: [gone],
        revoked: [phone.deviceId],
        deleted: false,
        hidesReads: false,
      });
    },
    catchUpChat: (_, rev) => Promise.resolve({ rev, deleted: false, left: [] }),
  });
  await stage.hub.enter(phone, [userId, gone]);
  await stage.hub.enter(laptop, [userId]);
  // The phone looked at 5. It was signed out, and the chats came and went, before the laptop looked.
  stage.hub.receive([signedOut(userId, 8, phone.deviceId)]);
  stage.hub.know(laptop, userId, 8);
  stage.hub.know(phone, userId, 5);
  stage.hub.know(phone, gone, 3);
  await stage.background.settled();
  assert.deepEqual(looked, [5]);
  assert.equal(phone.isRevoked, true);
  assert.equal(laptop.isRevoked, false);
  const isIn = (chatId: ChatId) => [
    stage.hub.isIn(phone, chatId),
    stage.hub.isIn(laptop, chatId),
  ];
  assert.deepEqual(isIn(gone), [false, false]);
  assert.deepEqual(isIn(begun), [true, true]);
  stage.hub.leave(phone);
  stage.hub.leave(laptop);
});
