import assert from "node:assert/strict";
import type { UserId } from "../../src/protocol/ids.ts";
import { createGate } from "./gate.ts";
import { created, ear, heardBy, hubStage, listenerIn } from "./hub_stage.ts";
import { newChat, newUser, said } from "./news.ts";

Deno.test("a number that stays out is looked for, and the listeners are told to pull", async () => {
  const asked: number[] = [];
  const stage = hubStage({
    reorderMs: 1,
    catchUpChat: (_, rev) => {
      asked.push(rev);
      return Promise.resolve({ rev: 7, deleted: false, left: [] });
    },
  });
  const chatId = newChat();
  const ann = await listenerIn(stage, chatId, 4);
  stage.hub.receive([said(chatId, 6)]);
  await ann.heard("chat.behind");
  stage.hub.receive([said(chatId, 5), said(chatId, 7), said(chatId, 8)]);
  assert.deepEqual(heardBy(ann), [["chat.behind", 7], ...created(8)]);
  assert.deepEqual(asked, [4]);
  stage.hub.leave(ann);
});

Deno.test("what the database has not reached yet follows after the look", async () => {
  const stage = hubStage({
    reorderMs: 1,
    catchUpChat: () => Promise.resolve({ rev: 6, deleted: false, left: [] }),
  });
  const chatId = newChat();
  const ann = await listenerIn(stage, chatId, 4);
  stage.hub.receive([said(chatId, 6), said(chatId, 7), said(chatId, 8)]);
  await ann.heard("chat.behind");
  assert.deepEqual(heardBy(ann), [["chat.behind", 6], ...created(7, 8)]);
  stage.hub.leave(ann);
});

Deno.test("a look that fails is counted and tried again", async () => {
  let looks = 0;
  const stage = hubStage({
    reorderMs: 1,
    retryMs: 1,
    catchUpChat: () =>
      ++looks < 3
        ? Promise.reject(new Error("The database is away"))
        : Promise.resolve({ rev: 6, deleted: false, left: [] }),
  });
  const chatId = newChat();
  const ann = await listenerIn(stage, chatId, 4);
  stage.hub.receive([said(chatId, 6)]);
  await ann.heard("chat.behind");
  assert.equal(looks, 3);
  assert.equal(stage.background.failures.get("catch up"), 2);
  stage.hub.leave(ann);
});

Deno.test("what the sweep finds while a look is under way is looked for again", async () => {
  const gate = createGate();
  const revs = [6, 8];
  const stage = hubStage({
    reorderMs: 1,
    catchUpChat: async () => {
      const rev = revs.shift()!;
      await gate.pass();
      return { rev, deleted: false, left: [] };
    },
  });
  const chatId = newChat();
  const ann = await listenerIn(stage, chatId, 4);
  const both = new Promise<void>((resolve) => {
    ann.onEvent = (event) => {
      if (event.type === "chat.behind" && event.rev === 8) resolve();
    };
  });
  stage.hub.onHeads([{ scopeId: chatId, rev: 6 }]);
  await gate.reached;
  stage.hub.onHeads([{ scopeId: chatId, rev: 8 }]);
  gate.open();
  await both;
  assert.deepEqual(heardBy(ann), [["chat.behind", 6], ["chat.behind", 8]]);
  stage.hub.leave(ann);
});

Deno.test("a sweep costs a look for each scope that is behind, and no other", async () => {
  const looks: string[] = [];
  const stage = hubStage({
    reorderMs: 1,
    catchUpChat: (chatId) => {
      looks.push(chatId);
      return Promise.resolve({ rev: 6, deleted: false, left: [] });
    },
  });
  const [known, behind] = [newChat(), newChat()];
  const ann = await listenerIn(stage, known, 4);
  const bob = await listenerIn(stage, behind, 4);
  stage.hub.onHeads([
    { scopeId: known, rev: 4 },
    { scopeId: newChat(), rev: 9 },
    { scopeId: behind, rev: 6 },
  ]);
  await bob.heard("chat.behind");
  assert.deepEqual(looks, [behind]);
  stage.hub.leave(ann);
  stage.hub.leave(bob);
});

Deno.test("an account that missed news is brought to where the database is", async () => {
  const userId = newUser();
  const [lost, joined] = [newChat(), newChat()];
  const phone = ear(userId);
  const stage = hubStage({
    reorderMs: 1,
    catchUpAccount: (_: UserId, rev) => {
      assert.equal(rev, 1);
      const revoked = [phone.deviceId];
      return Promise.resolve({
        accountRev: 5,
        joined: [{ chatId: joined, rev: 1, hiddenUpTo: 0 }],
        left: [lost],
        revoked,
        deleted: false,
        hidesReads: false,
      });
    },
    catchUpChat: () => Promise.resolve({ rev: 2, deleted: false, left: [] }),
  });
  await stage.hub.enter(phone, [userId, lost]);
  stage.hub.know(phone, userId, 1);
  stage.hub.know(phone, lost, 4);
  stage.hub.onHeads([{ scopeId: userId, rev: 5 }]);
  await phone.heard("account.behind");
  await phone.heard("chat.behind");
  assert.equal(stage.hub.isIn(phone, lost), false);
  assert.equal(stage.hub.isIn(phone, joined), true);
  assert.equal(phone.isRevoked, true);
  stage.hub.leave(phone);
});

Deno.test("a deleted account is found out by the sweep, when its devices are erased already", async () => {
  const userId = newUser();
  const [phone, tablet] = [ear(userId), ear(userId)];
  const stage = hubStage({
    reorderMs: 1,
    catchUpAccount: () =>
      Promise.resolve({
        accountRev: 5,
        joined: [],
        left: [],
        revoked: [],
        deleted: true,
        hidesReads: false,
      }),
  });
  for (const device of [phone, tablet]) {
    await stage.hub.enter(device, [userId]);
    stage.hub.know(device, userId, 1);
  }
  stage.hub.onHeads([{ scopeId: userId, rev: 5 }]);
  await tablet.heard("account.behind");
  assert.deepEqual([phone.isRevoked, tablet.isRevoked], [true, true]);
  stage.hub.leave(phone);
  stage.hub.leave(tablet);
});
