import assert from "node:assert/strict";
import {
  accept,
  createScope,
  isBehind,
  skipTo,
} from "../../src/gateway/scope.ts";
import { newChat, said } from "./news.ts";

const revs = (news: readonly { readonly rev?: number }[]) =>
  news.map(({ rev }) => rev);

Deno.test("a scope keeps a bounded number of what comes too early", () => {
  const chatId = newChat();
  const scope = createScope(chatId, false);
  skipTo(scope, 0);
  for (let rev = 2; rev <= 5000; rev++) accept(scope, said(chatId, rev));
  assert.equal(scope.held.size, 1000);
  assert.equal(isBehind(scope), true);
  assert.equal(accept(scope, said(chatId, 1)).length, 1001);
  assert.equal(scope.held.size, 0);
  // 1002 to 5000 were let go: the scope still knows that they exist.
  assert.equal(isBehind(scope), true);
});

Deno.test("a scope moved on passes what follows, and forgets what lies before", () => {
  const chatId = newChat();
  const scope = createScope(chatId, false);
  for (const rev of [2, 3, 6, 7, 9]) accept(scope, said(chatId, rev));
  assert.deepEqual(revs(skipTo(scope, 5)), [6, 7]);
  assert.deepEqual([...scope.held.keys()], [9]);
  assert.deepEqual(revs(accept(scope, said(chatId, 8))), [8, 9]);
  assert.equal(isBehind(scope), false);
});
