import assert from "node:assert/strict";
import {
  type Entry,
  justBefore,
  pageSize,
  start,
  turnPage,
} from "../../src/relay/upstash_page.ts";

const entry = (id: string): Entry => [id, ["b", id]];

Deno.test("a page that begins with the entry read last has lost nothing", () => {
  const entries = [entry("5-0"), entry("5-1"), entry("9-0")];
  assert.deepEqual(turnPage("5-0", entries), {
    fresh: entries.slice(1),
    cursor: "9-0",
    isGap: false,
    hasMore: false,
  });
  assert.deepEqual(turnPage("5-0", [entry("5-0")]).fresh, []);
});

Deno.test("a page that begins with another entry has a gap before it", () => {
  const entries = [entry("7-0")];
  assert.deepEqual(turnPage("5-0", entries), {
    fresh: entries,
    cursor: "7-0",
    isGap: true,
    hasMore: false,
  });
});

Deno.test("a stream without the entry read last, or any after it, is read from its start", () => {
  assert.deepEqual(turnPage("5-0", []), {
    fresh: [],
    cursor: start,
    isGap: true,
    hasMore: true,
  });
});

Deno.test("a stream of which nothing was read has no gap", () => {
  const first = turnPage(start, [entry("5-0")]);
  assert.deepEqual([first.fresh.length, first.isGap], [1, false]);
  assert.deepEqual(turnPage(start, []), {
    fresh: [],
    cursor: start,
    isGap: false,
    hasMore: false,
  });
});

Deno.test("a full page has more behind it", () => {
  const entries = Array.from({ length: pageSize }, (_, i) => entry(`5-${i}`));
  assert.equal(turnPage("5-0", entries).hasMore, true);
  assert.equal(turnPage("5-0", entries.slice(1)).hasMore, false);
});

Deno.test("justBefore: between it and the cursor there is no entry", () => {
  assert.equal(justBefore("1795637956017-3"), "1795637956017-2");
  assert.equal(
    justBefore("1795637956017-0"),
    `1795637956016-${2 ** 53 - 1}`,
  );
  assert.equal(justBefore(start), start);
});
