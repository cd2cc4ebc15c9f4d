import assert from "node:assert/strict";
import { createMasterKeys } from "../../src/crypto/master_keys.ts";
import { newKeyEntry, parseKeyList } from "../../src/lib/key_list.ts";

const aad = new TextEncoder().encode("here");
const dataKey = crypto.getRandomValues(new Uint8Array(32));
const [one, two] = [newKeyEntry("one"), newKeyEntry("two")];

Deno.test("the first master key wraps, all of them unwrap", async () => {
  const old = createMasterKeys(parseKeyList(one));
  const both = createMasterKeys(parseKeyList(`${two},${one}`));
  const wrapped = await old.wrap(dataKey, aad);
  assert.equal(wrapped.masterKeyId, "one");
  assert.deepEqual(await both.unwrap(wrapped, aad), dataKey);
  assert.equal(both.current, "two");
  assert.equal((await both.wrap(dataKey, aad)).masterKeyId, "two");
});

Deno.test("unwrap() refuses a key that is missing, wrong, moved or changed", async () => {
  const keys = createMasterKeys(parseKeyList(`${one},${two}`));
  const { wrapped } = await keys.wrap(dataKey, aad);
  const elsewhere = new TextEncoder().encode("there");
  const changed = wrapped.slice();
  changed[20]! ^= 1;
  await assert.rejects(
    keys.unwrap({ masterKeyId: "three", wrapped }, aad),
    /'three' is not configured/,
  );
  await assert.rejects(
    keys.unwrap({ masterKeyId: "two", wrapped }, aad),
    /'two'/,
  );
  await assert.rejects(
    keys.unwrap({ masterKeyId: "one", wrapped }, elsewhere),
    /'one'/,
  );
  await assert.rejects(
    keys.unwrap({ masterKeyId: "one", wrapped: changed }, aad),
    /'one'/,
  );
});

Deno.test("a wrapped key does not show the key", async () => {
  const keys = createMasterKeys(parseKeyList(one));
  const { wrapped } = await keys.wrap(dataKey, aad);
  assert.ok(!wrapped.toHex().includes(dataKey.toHex()));
});
