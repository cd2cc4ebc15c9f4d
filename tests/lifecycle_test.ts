import assert from "node:assert/strict";
import type { App } from "../src/app.ts";
import { createLog } from "../src/lib/log.ts";
import { stop } from "../src/lifecycle.ts";

Deno.test("a service that cannot say good-bye to its database stops all the same", async () => {
  const lines: string[] = [];
  const log = createLog({ level: "warn", write: (line) => lines.push(line) });
  const did: string[] = [];
  const app: Pick<App, "drain"> & AsyncDisposable = {
    drain: () => Promise.resolve(void did.push("drained")),
    [Symbol.asyncDispose]: () => Promise.reject(new Error("Nobody is there")),
  };
  await stop(app, log, () => Promise.resolve(void did.push("closed")));
  assert.deepEqual(did, ["drained", "closed"]);
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /stopping failed.+Nobody is there/);
});
