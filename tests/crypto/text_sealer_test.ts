import assert from "node:assert/strict";
import { createTextSealer } from "../../src/crypto/text_sealer.ts";
import { newKeyEntry, parseKeyList } from "../../src/lib/key_list.ts";

const [first, second] = [newKeyEntry("m.1"), newKeyEntry("m2")];
const sealer = (keys: string, purpose = "relay") =>
  createTextSealer(parseKeyList(keys), purpose);

Deno.test("a text sealer opens what it sealed, and shows nothing of it", () => {
  const text = 'line\nbreak, comma, "quotes" 👩‍👩‍👧';
  const sealed = sealer(first).seal(text);
  assert.match(sealed, /^m\.1\.[A-Za-z0-9+/=]+$/);
  assert.equal(sealer(first).open(sealed), text);
  assert.notEqual(sealer(first).seal(text), sealed);
});

Deno.test("a text sealer seals with the first key and opens with all", () => {
  const before = sealer(first).seal("Hello");
  const during = sealer(`${second},${first}`);
  assert.equal(during.open(before), "Hello");
  const after = during.seal("Hello");
  assert.match(after, /^m2\./);
  assert.equal(sealer(second).open(after), "Hello");
  assert.throws(() => sealer(first).open(after), /no master key 'm2'/);
});

Deno.test("a text sealer opens nothing sealed for another purpose, or changed", () => {
  const sealed = sealer(first).seal("Hello");
  assert.throws(() => sealer(first, "cache").open(sealed));
  assert.throws(() => sealer(first).open(sealed.replace(/.{6}$/, "AAAAAA")));
  assert.throws(() => sealer(first).open("nonsense"));
});
