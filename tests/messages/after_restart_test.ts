import assert from "node:assert/strict";
import { directChat, newPerson, personOf } from "../support/peer.ts";
import { granted, say } from "../support/say.ts";
import { serviceData, startService } from "../support/service.ts";

// The embedded database has one session: a transaction that needed a key from another one would
// wait for itself.
Deno.test("a message of before a restart can be changed first thing after it", async () => {
  await using data = await serviceData();
  await using services = new AsyncDisposableStack();
  const before = services.use(await startService(data));
  const ann = await newPerson(before.url);
  const bob = await newPerson(before.url);
  const chatId = await directChat(ann, bob);
  const { messageId } = await say(await ann.connect(), chatId, "Hello");
  before.kill("SIGKILL");
  await before.exited;

  const after = services.use(await startService(data));
  const bobAgain = personOf(after.url, bob.session);
  await using line = await bobAgain.connect();
  const changes = [
    { type: "delete", for: "me" },
    { type: "react", emoji: "👍" },
    { type: "delete", for: "me" },
  ];
  for (const change of changes) {
    await granted(line.ask({ ...change, chatId, messageId }));
  }
  const { status } = await bobAgain
    .call("PUT", `/chats/${chatId}/messages/${messageId}/pin`);
  assert.equal(status, 200);
});
