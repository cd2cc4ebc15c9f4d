import { deepEqual } from "node:assert/strict";
import { markMentions } from "../../src/client/mark_mentions.ts";
import type { UserId } from "../../src/protocol/ids.ts";
import { limits } from "../../src/protocol/limits.ts";
import { Content } from "../../src/protocol/messages.ts";

const people = ["ann", "ann.b", "bob"].map((username, i) => ({
  username,
  userId: `00000000-0000-4000-8000-00000000000${i}` as UserId,
}));

/** Who is meant, by the words that mean them. */
function meant(text: string) {
  const content = Content.parse(markMentions(text, people));
  if (content.type !== "text") throw new Error("It is a text");
  return (content.entities ?? []).map((entity) => [
    text.slice(entity.offset, entity.offset + entity.length),
    entity.type === "mention" &&
    people.find(({ userId }) => userId === entity.userId)?.username,
  ]);
}

Deno.test("names after an @ mean the people who have them", () => {
  deepEqual(meant("🚀 @ann, (@Bob) and @ann.b."), [
    ["@ann", "ann"],
    ["@Bob", "bob"],
    ["@ann.b", "ann.b"],
  ]);
  deepEqual(meant("Ask @bob."), [["@bob", "bob"]]);
});

Deno.test("addresses, longer names and strangers mean nobody", () => {
  for (
    const text of [
      "me@bob",
      "é@bob",
      "@bobby",
      "@@bob",
      "@ bob",
      "@cleo",
      "bob",
    ]
  ) deepEqual(markMentions(text, people), { type: "text", text });
});

Deno.test("no more are marked than a text may have", () => {
  const text = "@bob ".repeat(limits.entitiesPerText + 5);
  deepEqual(meant(text).length, limits.entitiesPerText);
});
