import assert from "node:assert/strict";
import type { Message } from "../../src/protocol/messages.ts";
import { testApp } from "../support/app.ts";
import { directChat, groupOf, newPerson } from "../support/peer.ts";

Deno.test("a message reaches the other person live and stays in the history", async () => {
  await using service = await testApp();
  const [ann, bob] = [
    await newPerson(service.url),
    await newPerson(service.url),
  ];
  await using annLine = await ann.connect();
  await using bobLine = await bob.connect();
  const chatId = await directChat(ann, bob);
  const messageId = crypto.randomUUID();
  const content = { type: "text", text: "Hello 👋" };

  const reply = await annLine.ask({ type: "send", chatId, messageId, content });
  assert.equal(reply.ok, true);
  const { message } = await bobLine.heard("message.created");
  assert.deepEqual(message.content, content);
  assert.equal(message.seq, 1);
  const { body } = await bob.call<{ items: Message[] }>(
    "GET",
    `/chats/${chatId}/messages`,
  );
  assert.deepEqual(body.items.map((item) => item.messageId), [messageId]);
  assert.deepEqual(service.complaints, []);
});

Deno.test("a member removed from a group hears nothing more of it", async () => {
  await using service = await testApp();
  const [ann, bob] = [
    await newPerson(service.url),
    await newPerson(service.url),
  ];
  const chatId = await groupOf(ann, bob);
  await using annLine = await ann.connect();
  await using bobLine = await bob.connect();
  const content = { type: "text", text: "Secret" };

  await ann.call("DELETE", `/chats/${chatId}/members/${bob.userId}`);
  const sent = await annLine.ask({
    type: "send",
    chatId,
    messageId: crypto.randomUUID(),
    content,
  });
  assert.equal(sent.ok, true);
  await bobLine.heard("chat.deleted");
  await bobLine.ask({ type: "ping" });
  assert.deepEqual(
    bobLine.events.filter(({ type }) => type.startsWith("message")),
    [],
  );
  assert.deepEqual(service.complaints, []);
});
