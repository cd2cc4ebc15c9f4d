import assert from "node:assert/strict";
import { createLog } from "../../src/lib/log.ts";

Deno.test("a log writes one JSON object a line, from its level up", () => {
  const lines: string[] = [];
  const log = createLog({
    level: "warn",
    write: (line) => lines.push(line),
    clock: () => 0,
  });
  log.info("unheard");
  log.warn("two\nlines", { count: 1 });
  assert.deepEqual(lines.map((line) => JSON.parse(line)), [{
    time: "1970-01-01T00:00:00.000Z",
    level: "warn",
    message: "two\nlines",
    count: 1,
  }]);
  assert.ok(!lines[0]!.includes("\n"));
});

Deno.test("a log tells an error with its stack and what caused it", () => {
  const lines: string[] = [];
  const log = createLog({ level: "error", write: (line) => lines.push(line) });
  const error = new Error("outer", { cause: new Error("inner") });
  log.error("failed", { error });
  const { error: told } = JSON.parse(lines[0]!);
  assert.match(told.stack, /outer/);
  assert.match(told.cause.stack, /inner/);
});
