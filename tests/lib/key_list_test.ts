import assert from "node:assert/strict";
import { newKeyEntry, parseKeyList } from "../../src/lib/key_list.ts";

Deno.test("parseKeyList() keeps the order and reads what newKeyEntry() makes", () => {
  const keys = parseKeyList(`${newKeyEntry("b")}, ${newKeyEntry("a")}`);
  assert.deepEqual([...keys.keys()], ["b", "a"]);
  assert.equal(keys.get("a")!.length, 32);
});

Deno.test("parseKeyList() says what is wrong and never repeats the key", () => {
  const short = new Uint8Array(16).fill(7).toBase64();
  const faults: [string, RegExp][] = [
    ["", /any key/],
    [short, /id:base64/],
    [`:${short}`, /id:base64/],
    [`k 1:${short}`, /id:base64/],
    [`k1:${short}`, /'k1'.*32 bytes/],
    ["k1:not base64!", /'k1'.*32 bytes/],
    [`${newKeyEntry("k1")},${newKeyEntry("k1")}`, /'k1' twice/],
  ];
  for (const [text, message] of faults) {
    assert.throws(() => parseKeyList(text), (error: Error) => {
      assert.match(error.message, message);
      assert.ok(!error.message.includes(short));
      return true;
    });
  }
});
