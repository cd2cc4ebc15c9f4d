/** What stood in a deleted chat is gone, and asking for it holds nobody up. */
import assert from "node:assert/strict";
import { accepted, refused } from "../support/answers.ts";
import { anotherIsolate, testApp } from "../support/app.ts";
import { groupOf, newPerson, personOf } from "../support/peer.ts";
import { at, said, send } from "./talk.ts";

Deno.test("the messages of a deleted chat can no longer be touched or forwarded", async () => {
  await using service = await testApp();
  const ann = await newPerson(service.url, "a");
  const bob = await newPerson(service.url, "b");
  const gone = await groupOf(bob);
  const message = await send(bob, gone);
  const chats = [await groupOf(ann), await groupOf(ann), await groupOf(bob)];
  accepted(await bob.call("DELETE", `/chats/${gone}`));

  // Another isolate, which has no keys at hand.
  await using other = await anotherIsolate(service, { LOG_LEVEL: "warn" });
  const [anns, bobs] = [ann, bob].map(({ session }) =>
    personOf(other.url, session)
  );
  const touching = [
    bobs!.call("PUT", at(message, `/reactions/${encodeURIComponent("👍")}`)),
    bobs!.call("PATCH", at(message), { content: said("Again") }),
    bobs!.call("DELETE", at(message, "?for=everyone")),
    bobs!.call("PUT", at(message, "/pin")),
    bobs!.call("PUT", at(message, "/vote"), { options: [0] }),
    bobs!.call("POST", at(message, "/close")),
    bobs!.call("POST", `/chats/${chats[2]}/messages`, {
      forward: { chatId: gone, messageId: message.messageId },
    }),
  ];
  const speaking = chats.slice(0, 2).map((chatId) => send(anns!, chatId));
  for (const answer of await Promise.all(touching)) {
    refused(answer, "not_found");
  }
  await Promise.all(speaking);
  assert.deepEqual(other.complaints, []);
});
