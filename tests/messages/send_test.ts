import assert from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { Event } from "../../src/protocol/events.ts";
import { SendReply } from "../../src/protocol/frames.ts";
import { SentMessage } from "../../src/protocol/messages.ts";
import { accepted, refused } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import { fits } from "../support/fits.ts";
import {
  directChat,
  groupOf,
  newPerson,
  type Person,
} from "../support/peer.ts";
import {
  asked,
  at,
  heardOf,
  history,
  newId,
  said,
  send,
  type Sent,
} from "./talk.ts";

Deno.test("send", async (t) => {
  await using service = await testApp();
  const [ann, bob, cleo] = await Promise.all(
    ["a", "b", "c"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person, Person];

  await t.step("reaches the other live and stays in the history", async () => {
    await using anns = await ann.connect();
    await using bobs = await bob.connect();
    const chatId = await directChat(ann, bob);
    const messageId = newId();
    const content = said("Hello 👋");
    const reply = fits(
      SendReply,
      await asked(anns, { type: "send", chatId, messageId, content }),
    );
    for (const line of [anns, bobs]) {
      const event = fits(Event, await line.heard("message.created"));
      assert.ok(event.type === "message.created");
      assert.equal(event.rev, reply.rev);
      assert.deepEqual(event.message, {
        chatId,
        seq: 1,
        rev: 3,
        messageId,
        senderId: ann.userId,
        content,
        forwardedFrom: null,
        poll: null,
        replyTo: null,
        replyCount: 0,
        reactions: [],
        pinned: false,
        views: null,
        createdAt: reply.createdAt,
        editedAt: null,
        deletedAt: null,
      });
    }
    assert.deepEqual(reply, {
      messageId,
      seq: 1,
      rev: 3,
      createdAt: reply.createdAt,
      duplicate: false,
    });
    const { items } = await history(bob, chatId);
    assert.deepEqual(items.map((item) => item.messageId), [messageId]);
  });

  await t.step(
    "over HTTP answers with the message, and makes an id",
    async () => {
      const chatId = await groupOf(ann, bob);
      const answer = await ann.call<Sent>("POST", `/chats/${chatId}/messages`, {
        content: said("Hello"),
      });
      assert.equal(answer.status, 201);
      const message = fits(SentMessage, answer.body);
      assert.deepEqual(
        [message.seq, message.rev, message.senderId, message.content],
        [2, 4, ann.userId, said("Hello")],
      );
      assert.equal(message.messageId[14], "7", "a UUID of version 7");
    },
  );

  await t.step(
    "numbers one after the other, in the order of the calls",
    async () => {
      const chatId = await groupOf(ann, bob);
      await using line = await ann.connect();
      const texts = Array.from({ length: 100 }, (_, i) => `${i + 1}`);
      const replies = await Promise.all(texts.map((text) =>
        asked(line, {
          type: "send",
          chatId,
          messageId: newId(),
          content: said(text),
        })
      ));
      assert.deepEqual(
        replies.map(({ seq }) => `${seq - 1}`),
        texts,
      );
      assert.deepEqual(
        replies.map(({ rev }) => rev),
        replies.map(({ seq }) => seq + 2),
      );
      const { items } = await history(bob, chatId, "?after=1&limit=100");
      assert.deepEqual(items.map(({ content }) => content), texts.map(said));
    },
  );

  await t.step(
    "again with the same id is a duplicate, over either door",
    async () => {
      const chatId = await groupOf(ann, bob);
      await using line = await ann.connect();
      const messageId = newId();
      const first = await send(ann, chatId, "First", { messageId });
      const again = await ann.call<Sent>("POST", `/chats/${chatId}/messages`, {
        messageId,
        content: said("Other words"),
      });
      assert.equal(again.status, 200);
      assert.deepEqual(fits(SentMessage, again.body), {
        ...first,
        duplicate: true,
      });
      const { seq, rev, createdAt } = first;
      assert.deepEqual(
        await asked(line, {
          type: "send",
          chatId,
          messageId,
          content: said("Other"),
        }),
        { messageId, seq, rev, createdAt, duplicate: true },
      );
      assert.equal((await history(ann, chatId)).items.length, 2);
      assert.equal(
        heardOf(line, chatId).length,
        1,
        "nothing has happened since",
      );
    },
  );

  await t.step(
    "many times at once on every door makes one message",
    async () => {
      const chatId = await groupOf(ann, bob);
      const messageId = newId();
      await using one = await ann.connect();
      await using other = await ann.connect();
      const frame = {
        type: "send" as const,
        chatId,
        messageId,
        content: said("Once"),
      };
      const answers = await Promise.all([
        ...Array.from(
          { length: 4 },
          () => send(ann, chatId, "Once", { messageId }),
        ),
        ...[one, other, one, other].map((line) => asked(line, frame)),
      ]);
      assert.deepEqual(new Set(answers.map(({ seq }) => seq)), new Set([2]));
      assert.deepEqual(new Set(answers.map(({ rev }) => rev)), new Set([4]));
      assert.equal(answers.filter(({ duplicate }) => !duplicate).length, 1);
      assert.equal((await history(bob, chatId)).items.length, 2);
      const next = await send(ann, chatId);
      assert.deepEqual([next.seq, next.rev], [3, 5]);
    },
  );

  await t.step("an id in use is not given again", async (t) => {
    const [chatId, elsewhere] = [
      await groupOf(ann, bob),
      await groupOf(ann, bob),
    ];
    const { messageId } = await send(ann, chatId);
    const again = (by: Person, chat: string) =>
      by.call("POST", `/chats/${chat}/messages`, {
        messageId,
        content: said("Mine"),
      });
    await t.step("to another sender", async () => {
      refused(await again(bob, chatId), "id_taken");
    });
    await t.step("in another chat", async () => {
      refused(await again(ann, elsewhere), "id_taken");
      refused(await again(bob, elsewhere), "id_taken");
    });
    await t.step("and to a stranger the chat is not there", async () => {
      refused(await again(cleo, chatId), "not_found");
    });
    await t.step("in two chats at once", async () => {
      const messageId = newId();
      const answers = await Promise.all(
        [chatId, elsewhere].map((chat) =>
          ann.call<{ code?: string }>("POST", `/chats/${chat}/messages`, {
            messageId,
            content: said("Two"),
          })
        ),
      );
      assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409]);
    });
  });

  await t.step("is found again after it was edited", async () => {
    const chatId = await groupOf(ann, bob);
    const first = await send(bob, chatId);
    const { messageId } = first;
    accepted(await bob.call("PATCH", at(first), { content: said("Edited") }));
    const again = await send(bob, chatId, "Hello", { messageId });
    assert.deepEqual([again.seq, again.duplicate, again.content], [
      first.seq,
      true,
      said("Edited"),
    ]);
  });

  await t.step(
    "is not found by a sender who has left, on either door",
    async () => {
      const chatId = await groupOf(ann, bob);
      const { messageId } = await send(bob, chatId);
      await using line = await bob.connect();
      accepted(await bob.call("DELETE", `/chats/${chatId}/members/me`));
      const body = { messageId, content: said("Hello") };
      refused(
        await bob.call("POST", `/chats/${chatId}/messages`, body),
        "not_found",
      );
      const reply = await line.ask({ type: "send", chatId, ...body });
      assert.ok(!reply.ok && reply.error.code === "not_found");
    },
  );

  await t.step(
    "by one who was removed is refused, and heard by nobody",
    async () => {
      const chatId = await groupOf(ann, bob);
      await using anns = await ann.connect();
      await using bobs = await bob.connect();
      accepted(
        await ann.call("DELETE", `/chats/${chatId}/members/${bob.userId}`),
      );
      const reply = await bobs.ask({
        type: "send",
        chatId,
        messageId: newId(),
        content: said("Still here?"),
      });
      assert.ok(!reply.ok && reply.error.code === "not_found");
      await send(ann, chatId, "Secret");
      await anns.heard("message.created");
      await bobs.heard("chat.deleted");
      await bobs.ask({ type: "ping" });
      assert.deepEqual(heardOf(bobs, chatId).map(({ type }) => type), [
        "chat.deleted",
      ]);
    },
  );

  await t.step("to a chat that is not there is refused", async () => {
    for (const chatId of [crypto.randomUUID(), ann.userId]) {
      refused(
        await ann.call("POST", `/chats/${chatId}/messages`, {
          content: said("x"),
        }),
        "not_found",
      );
    }
  });

  await t.step("is sealed where it is stored", async () => {
    const chatId = await groupOf(ann, bob);
    const words = `needle ${crypto.randomUUID()}`;
    const message = await send(ann, chatId, words);
    accepted(
      await ann.call("PATCH", at(message), { content: said(`${words}!`) }),
    );
    const [rows] = await service.db.database.run(
      sql<
        { row: string; sealed: Uint8Array }
      >`select to_jsonb(m)::text as row, sealed
        from messages m where chat_id = ${chatId}::uuid`,
    );
    assert.equal(rows.length, 2, "and that the group was made");
    for (const { row, sealed } of rows) {
      assert.doesNotMatch(row, /needle|groupCreated/);
      const bytes = new TextDecoder().decode(sealed);
      assert.doesNotMatch(bytes, /needle|groupCreated/);
    }
  });
  assert.deepEqual(service.complaints, []);
});
