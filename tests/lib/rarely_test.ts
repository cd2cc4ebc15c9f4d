import assert from "node:assert/strict";
import { rarely } from "../../src/lib/rarely.ts";

Deno.test("the first is told at once, those soon after it are counted", () => {
  let now = 0;
  const told: [unknown, number][] = [];
  const tell = rarely(100, () => now, (...line) => told.push(line));
  tell("a");
  now = 99;
  tell("b");
  tell("c");
  assert.deepEqual(told, [["a", 0]]);
  now = 100;
  tell("d");
  now = 250;
  tell("e");
  assert.deepEqual(told, [["a", 0], ["d", 2], ["e", 0]]);
});
