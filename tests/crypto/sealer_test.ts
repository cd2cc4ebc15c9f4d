import assert from "node:assert/strict";
import type { StoredKey } from "../../src/crypto/data_keys.ts";
import { newDataKey } from "../../src/crypto/data_keys.ts";
import { createMasterKeys } from "../../src/crypto/master_keys.ts";
import { createSealer, KeyNotAtHand } from "../../src/crypto/sealer.ts";
import { newKeyEntry, parseKeyList } from "../../src/lib/key_list.ts";
import type { ChatId, MessageId } from "../../src/protocol/ids.ts";

const masterKeys = createMasterKeys(parseKeyList(newKeyEntry("m1")));
const chatId = () => crypto.randomUUID() as ChatId;
const messageId = () => crypto.randomUUID() as MessageId;

/** A sealer over keys in memory that notes which chats it was asked to load. */
function sealerOver(stored: StoredKey[], options: { chats?: number } = {}) {
  const loads: ChatId[][] = [];
  const sealer = createSealer({
    masterKeys,
    loadKeys: (chatIds) => {
      loads.push([...chatIds]);
      return Promise.resolve(
        stored.filter((key) => chatIds.includes(key.chatId)),
      );
    },
    ...options,
  });
  return { sealer, loads };
}

Deno.test("open() gives back what seal() took", async () => {
  const chat = chatId(), message = messageId();
  const { sealer } = sealerOver([await newDataKey(masterKeys, chat)]);
  for (const text of ["", "hello", "é🦜\uFEFF\u0001", "x".repeat(16_000)]) {
    const sealed = await sealer.seal(chat, message, text);
    assert.equal(sealed.keyVersion, 1);
    const opened = await sealer.open({
      chatId: chat,
      messageId: message,
      ...sealed,
    });
    assert.equal(opened, text);
  }
});

Deno.test("seal() never makes the same bytes twice", async () => {
  const chat = chatId(), message = messageId();
  const { sealer } = sealerOver([await newDataKey(masterKeys, chat)]);
  const nonces = new Set<string>();
  for (let i = 0; i < 100; i++) {
    const { sealed } = await sealer.seal(chat, message, "same");
    nonces.add(sealed.subarray(0, 12).toHex());
  }
  assert.equal(nonces.size, 100);
});

Deno.test("open() refuses a ciphertext that was changed or moved", async () => {
  const chat = chatId(), other = chatId(), message = messageId();
  const first = await newDataKey(masterKeys, chat);
  const { sealer } = sealerOver([
    first,
    await newDataKey(masterKeys, chat, 2),
    await newDataKey(masterKeys, other),
  ]);
  const { sealed, keyVersion } = await sealer.seal(chat, message, "hello");
  assert.equal(keyVersion, 2);
  const place = { chatId: chat, messageId: message, keyVersion, sealed };
  const flipped = sealed.slice();
  flipped[flipped.length - 1]! ^= 1;
  const cases = {
    "another message": { ...place, messageId: messageId() },
    "another chat": { ...place, chatId: other, keyVersion: 1 },
    "another key version": { ...place, keyVersion: 1 },
    "a flipped bit": { ...place, sealed: flipped },
    "a cut end": { ...place, sealed: sealed.subarray(0, -1) },
    "nothing": { ...place, sealed: new Uint8Array() },
  };
  for (const [name, moved] of Object.entries(cases)) {
    await assert.rejects(sealer.open(moved), /was changed/, name);
  }
  assert.equal(await sealer.open(place), "hello");
});

Deno.test("a data key moved to another chat or version does not open", async () => {
  const chat = chatId(), other = chatId();
  const key = await newDataKey(masterKeys, chat);
  for (
    const moved of [{ ...key, chatId: other }, { ...key, keyVersion: 2 }]
  ) {
    const { sealer } = sealerOver([moved]);
    await assert.rejects(
      sealer.seal(moved.chatId, messageId(), "x"),
      /master key 'm1'/,
    );
  }
});

Deno.test("openAll() loads the keys of its chats with one call, and once", async () => {
  const chats = [chatId(), chatId(), chatId()];
  const stored = await Promise.all(
    chats.map((chat) => newDataKey(masterKeys, chat)),
  );
  const writer = sealerOver(stored).sealer;
  const page = await Promise.all(
    chats.flatMap((chatId) =>
      ["a", "b"].map(async (text) => {
        const message = messageId();
        const sealed = await writer.seal(chatId, message, text);
        return { chatId, messageId: message, ...sealed };
      })
    ),
  );
  const { sealer, loads } = sealerOver(stored);
  const texts = await sealer.openAll(page);
  assert.deepEqual(texts, ["a", "b", "a", "b", "a", "b"]);
  await sealer.openAll(page);
  assert.deepEqual(loads, [chats]);
});

Deno.test("open() notices a key version that was made elsewhere", async () => {
  const chat = chatId(), message = messageId();
  const stored = [await newDataKey(masterKeys, chat)];
  const { sealer, loads } = sealerOver(stored);
  await sealer.seal(chat, message, "old");
  stored.push(await newDataKey(masterKeys, chat, 2));
  const sealed = await sealerOver(stored).sealer.seal(chat, message, "new");
  const place = { chatId: chat, messageId: message, ...sealed };
  assert.equal(await sealer.open(place), "new");
  assert.equal((await sealer.seal(chat, message, "newer")).keyVersion, 2);
  assert.equal(loads.length, 2);
});

Deno.test("openKept() uses what keepKeys() brought, and asks for nothing", async () => {
  const chat = chatId(), message = messageId();
  const stored = [await newDataKey(masterKeys, chat)];
  const sealed = await sealerOver(stored).sealer.seal(chat, message, "hello");
  const place = { chatId: chat, messageId: message, ...sealed };
  const { sealer, loads } = sealerOver(stored);
  await assert.rejects(sealer.openKept(place), KeyNotAtHand);
  assert.deepEqual(loads, []);
  await sealer.keepKeys(chat);
  assert.equal(await sealer.openKept(place), "hello");
  const moved = { ...place, messageId: messageId() };
  await assert.rejects(sealer.openKept(moved), /was changed/);
  // The keys are being read again, with the session that the transaction may hold.
  const again = sealer.open({ ...place, keyVersion: 2 });
  assert.equal(await sealer.openKept(place), "hello");
  await assert.rejects(again, /is missing/);
  assert.deepEqual(loads, [[chat], [chat]]);
});

Deno.test("seal() answers not_found for a chat without keys, and looks again next time", async () => {
  const chat = chatId();
  const stored: StoredKey[] = [];
  const { sealer } = sealerOver(stored);
  await assert.rejects(sealer.seal(chat, messageId(), "x"), {
    code: "not_found",
  });
  stored.push(await newDataKey(masterKeys, chat));
  assert.equal((await sealer.seal(chat, messageId(), "x")).keyVersion, 1);
});

Deno.test("a failed load is not remembered", async () => {
  const chat = chatId();
  const key = await newDataKey(masterKeys, chat);
  let fails = true;
  const sealer = createSealer({
    masterKeys,
    loadKeys: () =>
      fails ? Promise.reject(new Error("away")) : Promise.resolve([key]),
  });
  await assert.rejects(sealer.seal(chat, messageId(), "x"), /away/);
  fails = false;
  assert.equal((await sealer.seal(chat, messageId(), "x")).keyVersion, 1);
});

Deno.test("no more chats than allowed are kept open", async () => {
  const chats = [chatId(), chatId()];
  const stored = await Promise.all(
    chats.map((chat) => newDataKey(masterKeys, chat)),
  );
  const { sealer, loads } = sealerOver(stored, { chats: 1 });
  for (const chat of [...chats, ...chats]) {
    await sealer.seal(chat, messageId(), "x");
  }
  assert.equal(loads.length, 4);
});
