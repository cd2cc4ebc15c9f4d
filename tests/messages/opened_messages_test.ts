import assert from "node:assert/strict";
import { createOpenedMessages } from "../../src/messages/mod.ts";
import type { MessageRow, StoredMessage } from "../../src/messages/store.ts";
import type { ChatId, MessageId, UserId } from "../../src/protocol/ids.ts";
import { Problem } from "../../src/protocol/problem.ts";
import { createGate } from "../gateway/gate.ts";

const epoch = "one history";
const words = (sealed: Uint8Array) => new TextDecoder().decode(sealed);
const bytes = (words: string) => new TextEncoder().encode(words);

/** A message whose sealed bytes are its words. */
function stored(text: string, more: Partial<StoredMessage> = {}) {
  return {
    chatId: crypto.randomUUID() as ChatId,
    seq: 1,
    rev: 1,
    messageId: crypto.randomUUID() as MessageId,
    senderId: crypto.randomUUID() as UserId,
    keyVersion: 1,
    sealed: bytes(text),
    replyToSeq: null,
    replyToId: null,
    replyCount: 0,
    reactionCounts: [],
    createdAt: new Date(0),
    editedAt: null,
    pinnedAt: null,
    deletedAt: null,
    poll: null,
    postedAs: null,
    views: null,
    ...more,
  } satisfies StoredMessage;
}

function stage(options: { maxBytes?: number } = {}) {
  const world = { ms: 1, opened: [] as string[], underWay: async () => {} };
  const opened = createOpenedMessages({
    now: () => world.ms,
    ttlMs: 1000,
    async open(rows) {
      await world.underWay();
      return rows.map((row): MessageRow => {
        if (row.sealed === null) {
          return { ...row, content: null, forwardedFrom: null };
        }
        const text = words(row.sealed);
        world.opened.push(text);
        const content = text === "broken" ? null : { type: "text", text };
        return { ...row, content, forwardedFrom: null } as MessageRow;
      });
    },
    ...options,
  });
  opened.begin(epoch);
  return { world, opened };
}

Deno.test("what was opened is not opened again, and is let go of after a while", async () => {
  const { world, opened } = stage();
  const rows = [stored("one"), stored("two"), stored("", { sealed: null })];
  const first = await opened.open(rows);
  assert.deepEqual(await opened.open(rows), first);
  assert.deepEqual(world.opened, ["one", "two"]);
  assert.deepEqual(
    opened.at(epoch, rows),
    first.map(({ views: _, ...row }) => row),
  );
  world.ms = 1002;
  assert.equal(opened.at(epoch, rows), undefined);
  await opened.open(rows);
  assert.deepEqual(world.opened, ["one", "two", "one", "two"]);
});

Deno.test("other bytes, another key and another chat are opened for themselves", async () => {
  const { world, opened } = stage();
  const row = stored("as it was");
  await opened.open([row]);
  const others = [
    { ...row, sealed: bytes("as it is!") },
    { ...row, keyVersion: 2 },
    { ...row, chatId: crypto.randomUUID() as ChatId },
  ];
  for (const other of others) {
    const before = world.opened.length;
    await opened.open([other]);
    assert.equal(world.opened.length, before + 1);
  }
});

Deno.test("a message is at hand as of the rev that is asked for, in the history that it was read in", async () => {
  const { opened } = stage();
  const row = stored("hello");
  await opened.open([row]);
  assert.equal(opened.at(epoch, [{ ...row, rev: 2 }]), undefined);
  assert.equal(opened.at("another history", [row]), undefined);
  opened.begin("another history");
  assert.equal(opened.at("another history", [row]), undefined);
});

Deno.test("a page that was read before a change and opened after it does not bring the old words back", async () => {
  const { world, opened } = stage();
  const before = stored("before");
  const after = { ...before, rev: 2, sealed: bytes("after") };
  const gate = createGate();
  world.underWay = () => gate.pass();
  const slow = opened.open([before]);
  await gate.reached;
  world.underWay = async () => {};
  await opened.open([after]);
  gate.open();
  await slow;
  const found = opened.at(epoch, [after]);
  assert.ok(found === undefined || found[0]!.rev === 2);
  assert.deepEqual((await opened.open([after]))[0]!.content, {
    type: "text",
    text: "after",
  });
});

Deno.test("what is one reader's own is not kept for the others", async () => {
  const { opened } = stage();
  const row = stored("hello");
  await opened.open([{ ...row, views: 7, mine: ["👍"] } as StoredMessage]);
  const { views: _, ...kept } = row;
  assert.deepEqual(opened.at(epoch, [row]), [{
    ...kept,
    content: { type: "text", text: "hello" },
    forwardedFrom: null,
  }]);
});

Deno.test("a message that does not open is tried, and reported, again", async () => {
  const { world, opened } = stage();
  const row = stored("broken");
  await opened.open([row]);
  assert.equal(opened.at(epoch, [row]), undefined);
  await opened.open([row]);
  assert.equal(world.opened.length, 2);

  world.underWay = () => Promise.reject(new Problem("unavailable"));
  await assert.rejects(opened.open([row]), { code: "unavailable" });
});

Deno.test("the messages at hand take no more than they may", async () => {
  const { opened } = stage({ maxBytes: 20_000 });
  const rows = Array.from({ length: 50 }, () => stored("x".repeat(100)));
  await opened.open(rows);
  assert.ok(opened.bytes > 10_000 && opened.bytes <= 20_000, `${opened.bytes}`);
  assert.ok(opened.at(epoch, rows.slice(-10)), "the last are there");
  assert.equal(opened.at(epoch, rows.slice(0, 1)), undefined);
});
