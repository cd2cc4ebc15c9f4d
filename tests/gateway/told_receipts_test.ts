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
  assert.equal(told.isNews(receipt), true);
  told.note(receipt);
  assert.equal(told.isNews(receipt), false);
  assert.equal(told.isNews({ ...receipt, readSeq: 4 }), true);
  assert.equal(told.isNews({ ...receipt, deliveredSeq: 6 }), true);
  assert.equal(told.isNews({ ...receipt, userId: newUser() }), true);
  assert.equal(told.isNews({ ...receipt, chatId: newChat() }), true);
});

Deno.test("receipts are remembered over one sweep, and forgotten with the next", () => {
  const told = createToldReceipts();
  told.note(receipt);
  told.age();
  assert.equal(told.isNews(receipt), false);
  told.age();
  assert.equal(told.isNews(receipt), true);
});
