/** What a hostile page costs, and whom. */
import assert from "node:assert/strict";
import { createLinkPreviews } from "../../src/messages/link_previews.ts";
import { previewOf } from "../../src/messages/preview_text.ts";
import type { UserId } from "../../src/protocol/ids.ts";

const title = "<title>Here</title>";

Deno.test("a page is followed through its head, and no deeper than heads are", async () => {
  const found = (html: string) => previewOf("https://a.example/", html);
  assert.equal((await found(`<head>${title}</head>`))?.title, "Here");
  for (
    const before of [
      "<body>",
      "<head></head>",
      "<b>".repeat(33),
      "<meta>".repeat(2001),
    ]
  ) assert.equal(await found(before + title), undefined, before.slice(0, 30));
});

Deno.test("slow hosts hold two of one person's pages at once, and none for good", async () => {
  const asked: string[] = [];
  const previews = createLinkPreviews({
    isOn: true,
    publicUrl: "https://chat.example",
    readMs: 50,
    network: {
      lookup(host) {
        asked.push(host);
        return new Promise<string[]>(() => {});
      },
      isAllowed: () => Promise.resolve(true),
    },
  });
  const [ann, bob] = [crypto.randomUUID(), crypto.randomUUID()] as UserId[];
  const read = (host: string, by: UserId) =>
    assert.rejects(previews.read(`https://${host}/`, by), {
      code: "not_found",
    });
  const all = ["a", "b", "c"].map((host) => read(host, ann!));
  all.push(read("d", bob!));
  while (asked.length < 3) await new Promise((done) => setTimeout(done, 0));
  assert.deepEqual(asked, ["a", "b", "d"]);
  await Promise.all(all);
  assert.deepEqual(asked, ["a", "b", "d", "c"]);
});
