import assert from "node:assert/strict";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { violations } from "./support/architecture.ts";
import { readSources } from "./support/imports.ts";

Deno.test("the sources keep to the layout", async () => {
  const folder = fileURLToPath(new URL("../src", import.meta.url));
  const sources = await readSources(folder);
  assert.ok(sources.files.size > 0 && sources.imports.length > 0);
  assert.deepEqual(violations(sources), []);
});

/** What a file says, and whether that is allowed: each breaks or keeps one rule. */
const planted: [file: string, text: string, allowed: boolean][] = [
  ["lib/a.ts", `import "../db/b.ts";`, false],
  ["lib/a.ts", `import type { B } from "../db/b.ts";`, false],
  ["lib/a.ts", `export type { B } from "../db/b.ts";`, false],
  ["lib/a.ts", `await import("../db/b.ts");`, false],
  ["lib/a.ts", `type B = import("../db/b.ts").B;`, false],
  ["lib/a.ts", `import "../protocol/b.ts";`, false],
  ["lib/a.ts", `import "./b.ts";`, true],
  ["db/a.ts", `import "../lib/b.ts";`, true],
  ["db/a.ts", `import "../http/b.ts";`, false],
  ["db/a.ts", `import "../changes/mod.ts";`, false],
  ["changes/a.ts", `import "../relay/relay.ts";`, true],
  ["changes/a.ts", `import "../relay/local.ts";`, false],
  ["changes/a.ts", `import "../chats/mod.ts";`, false],
  ["messages/a.ts", `import "../chats/mod.ts";`, true],
  ["messages/a.ts", `import "../chats/rules.ts";`, false],
  ["messages/a.ts", `import "../inbox/mod.ts";`, false],
  ["messages/a.ts", `import "../gateway/mod.ts";`, false],
  ["messages/a.ts", `import "./store.ts";`, true],
  ["messages/a.ts", `import type { B } from "../chats/store.ts";`, false],
  ["messages/store.ts", `import "../db/sql.ts";`, true],
  ["messages/key_store.ts", `import "../db/sql.ts";`, true],
  ["messages/a.ts", `import "../db/sql.ts";`, false],
  ["messages/a.ts", `import type { B } from "../db/sql.ts";`, true],
  ["changes/a.ts", `import "../db/sql.ts";`, true],
  ["gateway/a.ts", `import "../inbox/mod.ts";`, true],
  ["gateway/a.ts", `import "../inbox/routes.ts";`, false],
  ["gateway/a.ts", `import "../app.ts";`, false],
  ["app.ts", `import "./inbox/routes.ts";`, true],
  ["app.ts", `import "./inbox/rules.ts";`, false],
  ["app.ts", `import "./relay/local.ts";`, true],
  ["app.ts", `import "./db/sql.ts";`, false],
  ["main.ts", `import "./app.ts";`, true],
  ["client/a.ts", `import "../protocol/b.ts";`, true],
  ["client/a.ts", `import "../lib/b.ts";`, false],
  ["web/a.ts", `import "../client/mod.ts";`, true],
  ["app.ts", `import "./client/mod.ts";`, false],
  ["utils/a.ts", ``, false],
  ["lib/a.ts", "// one more\n".repeat(351), false],
  ["lib/a.ts", "// one more\n".repeat(350), true],
];

Deno.test("planted violations are found, and nothing else", async (t) => {
  for (const [file, text, allowed] of planted) {
    const name = `${file}: ${text.split("\n")[0]} is ${
      allowed ? "allowed" : "refused"
    }`;
    await t.step(name, async () => {
      const folder = await Deno.makeTempDir();
      try {
        await Deno.mkdir(dirname(`${folder}/${file}`), { recursive: true });
        await Deno.writeTextFile(`${folder}/${file}`, text);
        const found = violations(await readSources(folder));
        assert.equal(found.length > 0, !allowed, found.join("\n"));
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    });
  }
});
