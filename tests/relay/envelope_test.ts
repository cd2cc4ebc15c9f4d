import assert from "node:assert/strict";
import { createTextSealer } from "../../src/crypto/text_sealer.ts";
import { newKeyEntry, parseKeyList } from "../../src/lib/key_list.ts";
import { createEnvelope } from "../../src/relay/envelope.ts";
import type { Announcement } from "../../src/relay/relay.ts";

Deno.test("an envelope gives back what was put in, for a minute", () => {
  const sealer = createTextSealer(parseKeyList(newKeyEntry("m1")), "relay");
  let now = 1_000_000;
  const envelope = createEnvelope(sealer, () => now);
  const sent: Announcement[] = [
    { id: "a:1", origin: "a", audience: "chat", scopeId: "c", rev: 7 },
    { id: "a:2", origin: "a", audience: "presence", scopeId: "u" },
  ];
  const closed = envelope.close(sent);
  assert.match(closed, /^[!-+\--~]+$/);
  assert.deepEqual(envelope.open(closed), sent);
  now += 60_000;
  assert.deepEqual(envelope.open(closed), sent);
  now += 1;
  assert.throws(() => envelope.open(closed), /of 60 s ago/);
  now -= 120_002;
  assert.throws(() => envelope.open(closed), /clocks differ/);
});
