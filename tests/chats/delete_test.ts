import assert from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { Event } from "../../src/protocol/events.ts";
import type { ChatItem, Sync } from "../../src/protocol/sync.ts";
import { accepted, refused } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import { fits } from "../support/fits.ts";
import { groupOf, newPerson, type Person } from "../support/peer.ts";

const text = { content: { type: "text", text: "Hello" } };

Deno.test("delete and rename", async (t) => {
  await using service = await testApp();
  const [ann, bob] = await Promise.all(
    ["a", "b"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person];

  await t.step(
    "a deleted group is gone for everyone, with its keys",
    async () => {
      const chatId = await groupOf(ann, bob);
      const { messageId } = accepted(
        await bob.call<{ messageId: string }>(
          "POST",
          `/chats/${chatId}/messages`,
          text,
        ),
      );
      await using line = await bob.connect();
      const { cursor } = line.welcome;
      const answer = await ann.call("DELETE", `/chats/${chatId}`);
      assert.deepEqual([answer.status, answer.body], [204, null]);

      const event = await line.heard(
        "chat.deleted",
        (event) => event.chatId === chatId,
      );
      assert.equal(event.rev, 5);
      const sent = await line.ask({
        type: "send",
        chatId,
        messageId: crypto.randomUUID(),
        content: text.content,
      });
      assert.ok(!sent.ok && sent.error.code === "not_found");
      const typing = await line.ask({ type: "typing", chatId, active: true });
      assert.ok(!typing.ok && typing.error.code === "not_found");

      const chat = `/chats/${chatId}`;
      for (const person of [ann, bob]) {
        for (
          const [method, path, body] of [
            ["GET", chat],
            ["PATCH", chat, { title: "Again" }],
            ["DELETE", chat],
            ["GET", `${chat}/members`],
            ["POST", `${chat}/members`, { userIds: [bob.userId] }],
            ["DELETE", `${chat}/members/me`],
            ["PATCH", `${chat}/members/${bob.userId}`, { role: "admin" }],
            ["POST", `${chat}/messages`, text],
            ["GET", `${chat}/messages`],
            ["GET", `${chat}/messages/${messageId}`],
            ["PATCH", `${chat}/messages/${messageId}`, text],
            ["DELETE", `${chat}/messages/${messageId}?for=me`],
            ["DELETE", `${chat}/messages/${messageId}?for=everyone`],
            ["GET", `${chat}/changes?since=0`],
            ["POST", `${chat}/read`, { seq: 1 }],
          ] as const
        ) {
          refused(await person.call(method, path, body), "not_found");
        }
        const { items } = accepted(
          await person.call<{ items: ChatItem[] }>("GET", "/chats"),
        );
        assert.ok(items.every((item) => item.chatId !== chatId));
      }
      const sync = accepted(
        await bob.call<Sync>(
          "GET",
          `/sync?cursor=${encodeURIComponent(cursor)}`,
        ),
      );
      assert.ok(sync.gone.includes(chatId));
      const [keys] = await service.db.database.run(
        sql<
          { chatId: string }
        >`select chat_id from chat_keys where chat_id = ${chatId}::uuid`,
      );
      assert.deepEqual(keys, []);
    },
  );

  await t.step(
    "a new title is everyone's, and the same one again is no change",
    async () => {
      const chatId = await groupOf(ann, bob);
      await using line = await bob.connect();
      const renamed = accepted(
        await ann.call<ChatItem>("PATCH", `/chats/${chatId}`, {
          title: "  New 🌱 ",
        }),
      );
      assert.deepEqual([renamed.title, renamed.rev], ["  New 🌱 ", 5]);
      const event = await line.heard(
        "chat.updated",
        (event) => event.chatId === chatId,
      );
      assert.deepEqual([event.chat.title, event.rev], ["  New 🌱 ", 4]);
      const again = accepted(
        await ann.call<ChatItem>("PATCH", `/chats/${chatId}`, {
          title: "  New 🌱 ",
        }),
      );
      assert.equal(again.rev, 5);
      for (
        const body of [{ title: "" }, { title: 1 }, {
          title: "x",
          kind: "direct",
        }]
      ) {
        refused(
          await ann.call("PATCH", `/chats/${chatId}`, body),
          "invalid_input",
        );
      }
    },
  );

  await t.step(
    "every event of a group's life fits its schema and counts by one",
    async () => {
      const chatId = await groupOf(ann, bob);
      const cleo = await newPerson(service.url);
      await using line = await bob.connect();
      const members = `/chats/${chatId}/members`;
      accepted(await ann.call("PATCH", `/chats/${chatId}`, { title: "One" }));
      accepted(await ann.call("POST", members, { userIds: [cleo.userId] }));
      accepted(
        await ann.call("PATCH", `${members}/${cleo.userId}`, { role: "admin" }),
      );
      accepted(await cleo.call("PATCH", `/chats/${chatId}`, { title: "Two" }));
      accepted(
        await ann.call("PATCH", `${members}/${cleo.userId}`, { role: "owner" }),
      );
      accepted(await cleo.call("DELETE", `${members}/${ann.userId}`));
      accepted(await cleo.call("DELETE", `/chats/${chatId}`));
      await line.heard("chat.deleted", (event) => event.chatId === chatId);

      const heard = line.events.filter((event) =>
        "chatId" in event && event.chatId === chatId
      );
      heard.forEach((event) => fits(Event, event));
      assert.deepEqual(heard.map(({ type }) => type), [
        "chat.updated",
        "message.created",
        "member.joined",
        "message.created",
        "member.updated",
        "chat.updated",
        "message.created",
        "member.updated",
        "member.updated",
        "message.created",
        "member.left",
        "message.created",
        "chat.deleted",
      ]);
      assert.deepEqual(
        heard.map((event) => "rev" in event && event.rev),
        heard.map((_, i) => 4 + i),
      );
    },
  );
  assert.deepEqual(service.complaints, []);
});
