import assert from "node:assert/strict";
import { createToldReceipts } from "../../src/gateway/told_receipts.ts";
import { newChat, newUser } from "./news.ts";

const receipt = {
  chatId: newChat(),
  userId: newUser(),
  deliveredSeq: 5,
  readSeq: 3,
};

Deno.test("a receipt that was told is no news, one that is further is", () => {
  const told = createToldReceipts();
  assert.equal(told.isNews("chat", receipt), true);
  told.note("chat", receipt);
  assert.equal(told.isNews("chat", receipt), false);
  assert.equal(told.isNews("chat", { ...receipt, readSeq: 4 }), true);
  assert.equal(told.isNews("chat", { ...receipt, deliveredSeq: 6 }), true);
  assert.equal(told.isNews("chat", { ...receipt, userId: newUser() }), true);
  assert.equal(told.isNews("chat", { ...receipt, chatId: newChat() }), true);
  assert.equal(told.isNews("account", receipt), true);
});

Deno.test("receipts are remembered over one sweep, and forgotten with the next", () => {
  const told = createToldReceipts();
  told.note("chat", receipt);
  told.age();
  assert.equal(told.isNews("chat", receipt), false);
  told.age();
  assert.equal(told.isNews("chat", receipt), true);
});
