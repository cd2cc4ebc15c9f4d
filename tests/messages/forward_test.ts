import assert from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { Event } from "../../src/protocol/events.ts";
import type { ChatId, MessageId } from "../../src/protocol/ids.ts";
import { type Message, SentMessage } from "../../src/protocol/messages.ts";
import { accepted, refused } from "../support/answers.ts";
import { anotherIsolate, testApp } from "../support/app.ts";
import { fits } from "../support/fits.ts";
import {
  directChat,
  groupOf,
  newPerson,
  type Person,
  personOf,
} from "../support/peer.ts";
import {
  asked,
  at,
  mention,
  newId,
  read,
  said,
  send,
  type Sent,
} from "./talk.ts";

const pass = (
  by: Person,
  { chatId, messageId }: Pick<Message, "chatId" | "messageId">,
  to: ChatId,
  more: { messageId?: MessageId; replyTo?: MessageId; content?: unknown } = {},
) =>
  by.call<Sent>("POST", `/chats/${to}/messages`, {
    forward: { chatId, messageId },
    ...more,
  });

Deno.test("forward", async (t) => {
  await using service = await testApp();
  const [ann, bob, cleo, dan] = await Promise.all(
    ["a", "b", "c", "d"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person, Person, Person];
  const here = await directChat(ann, bob);
  const there = await groupOf(bob, cleo);

  await t.step(
    "shows what was said, by whom and when, and not where",
    async () => {
      const said = await send(ann, here, "Come at eight");
      await using line = await cleo.connect();
      const passed = fits(SentMessage, accepted(await pass(bob, said, there)));
      assert.deepEqual(passed.content, said.content);
      assert.deepEqual(passed.forwardedFrom, {
        userId: ann.userId,
        createdAt: said.createdAt,
      });
      assert.equal(passed.senderId, bob.userId);
      const event = fits(Event, await line.heard("message.created"));
      const shown = await read(cleo, passed);
      for (const text of [JSON.stringify(event), JSON.stringify(shown)]) {
        assert.ok(text.includes("Come at eight"));
        assert.ok(!text.includes(here), "names the chat it came from");
        assert.ok(!text.includes(said.messageId), "names the message there");
      }
      assert.equal(
        (await read(ann, said)).rev,
        said.rev,
        "and the origin stays",
      );
    },
  );

  await t.step(
    "works over the socket, in an answer, and into the same chat",
    async () => {
      const original = await send(bob, there, "Yes");
      const question = await send(ann, here, "Well?");
      await using line = await bob.connect();
      const { messageId } = await asked(line, {
        type: "send",
        chatId: here,
        messageId: newId(),
        forward: { chatId: there, messageId: original.messageId },
        replyTo: question.messageId,
      });
      const answer = await read(ann, { ...question, messageId });
      assert.deepEqual(answer.content, said("Yes"));
      assert.equal(answer.replyTo!.messageId, question.messageId);
      const again = accepted(await pass(bob, original, there));
      assert.deepEqual([again.chatId, again.content], [there, said("Yes")]);
    },
  );

  await t.step("passed on again it still names who said it first", async () => {
    const first = await send(ann, here, "First");
    const second = accepted(await pass(bob, first, there));
    const notes = accepted(
      await cleo.call<{ chatId: ChatId }>("POST", "/chats", {
        kind: "direct",
        memberIds: [cleo.userId],
      }),
    );
    const third = accepted(await pass(cleo, second, notes.chatId));
    assert.deepEqual(third.forwardedFrom, second.forwardedFrom);
    assert.equal(third.forwardedFrom!.userId, ann.userId);
  });

  await t.step(
    "is sealed for the chat it comes to, its origin too",
    async () => {
      const said = await send(ann, here, "the word is 4711");
      const passed = accepted(await pass(bob, said, there));
      const sealedIn = (chatId: ChatId, seq: number) =>
        sql<{ row: string; sealed: Uint8Array }>`select m::text as row, sealed
        from messages m where chat_id = ${chatId}::uuid and seq = ${seq}`;
      const [[before], [after]] = await service.db.database.run(
        sealedIn(here, said.seq),
        sealedIn(there, passed.seq),
      );
      assert.notDeepEqual(before!.sealed, after!.sealed);
      assert.ok(!after!.row.includes(ann.userId));
      assert.ok(!after!.row.includes(here));
    },
  );

  await t.step("whoever was meant there is not meant here", async () => {
    const meant = await mention(ann, here, bob);
    const passed = accepted(await pass(bob, meant, there));
    assert.deepEqual(passed.content, { ...said("Hello @you"), entities: [] });
    const [rows] = await service.db.database.run(
      sql`select 1 from mentions where chat_id = ${there}::uuid and seq = ${passed.seq}`,
    );
    assert.equal(rows.length, 0);
  });

  await t.step("keeps the formatting", async () => {
    const entities = [{ type: "bold", offset: 0, length: 4 }];
    const content = { ...said("Bold move"), entities };
    const bold = accepted(
      await ann.call<Sent>("POST", `/chats/${here}/messages`, { content }),
    );
    assert.deepEqual(accepted(await pass(bob, bold, there)).content, content);
  });

  await t.step("is another's, and cannot be edited", async () => {
    const passed = accepted(await pass(bob, await send(ann, here), there));
    refused(
      await bob.call("PATCH", at(passed), { content: said("Never") }),
      "conflict",
    );
    accepted(await bob.call("DELETE", at(passed)));
    const gone = await read(cleo, passed);
    assert.deepEqual([gone.content, gone.forwardedFrom], [null, null]);
  });

  await t.step(
    "what one may not read is not there to be passed on",
    async () => {
      const said = await send(ann, here);
      const other = await groupOf(dan, cleo);
      const answers = await Promise.all([
        pass(dan, said, other),
        pass(dan, { ...said, messageId: newId() }, other),
        pass(dan, {
          chatId: crypto.randomUUID() as ChatId,
          messageId: said.messageId,
        }, other),
        pass(bob, { chatId: there, messageId: said.messageId }, there),
      ]);
      const problems = answers.map(({ status, body }) => ({ status, body }));
      for (const problem of problems) assert.deepEqual(problem, problems[0]);
      refused(answers[0]!, "not_found");
      // Nor into a chat that one is not in.
      refused(await pass(bob, said, other), "not_found");
    },
  );

  await t.step(
    "nor is what one has hidden, what was deleted, or where one was",
    async () => {
      const hidden = await send(ann, here);
      accepted(await bob.call("DELETE", at(hidden, "?for=me")));
      refused(await pass(bob, hidden, there), "not_found");
      const deleted = await send(ann, here);
      accepted(await ann.call("DELETE", at(deleted)));
      refused(await pass(bob, deleted, there), "conflict");
      const former = await groupOf(ann, bob);
      const late = await send(ann, former);
      accepted(await bob.call("DELETE", `/chats/${former}/members/me`));
      refused(await pass(bob, late, there), "not_found");
    },
  );

  await t.step(
    "with the same id is one message, whatever became of the origin",
    async () => {
      const original = await send(ann, here);
      const messageId = newId();
      const first = await pass(bob, original, there, { messageId });
      accepted(await ann.call("DELETE", at(original)));
      const again = await pass(bob, original, there, { messageId });
      assert.deepEqual([first.status, again.status], [201, 200]);
      assert.equal(again.body.duplicate, true);
      assert.equal(again.body.seq, first.body.seq);
    },
  );

  await t.step(
    "neither content nor forward, and both, are refused",
    async () => {
      const original = await send(ann, here);
      refused(
        await pass(bob, original, there, { content: said("x") }),
        "invalid_input",
      );
      refused(
        await bob.call("POST", `/chats/${there}/messages`, {}),
        "invalid_input",
      );
    },
  );

  await t.step(
    "of a channel's post names a public channel, and nobody who wrote it",
    async () => {
      const origins = [];
      for (const visibility of ["public", "private"]) {
        const channel = accepted(
          await ann.call<{ chatId: ChatId }>("POST", "/chats", {
            kind: "channel",
            title: "News",
            visibility,
            ...(visibility === "public" && { handle: `news.${Date.now()}` }),
          }),
        );
        const post = await send(ann, channel.chatId, "News");
        const passed = accepted(await pass(ann, post, here));
        origins.push({ post, from: (await read(bob, passed)).forwardedFrom });
      }
      const [known, unknown] = origins as [
        typeof origins[0],
        typeof origins[0],
      ];
      const { chatId, seq, createdAt } = known.post;
      assert.deepEqual(known.from, { chatId, seq, createdAt });
      assert.deepEqual(unknown.from, { createdAt: unknown.post.createdAt });
    },
  );

  await t.step("on an isolate that has not opened the chat yet", async () => {
    const original = await send(ann, here, "From afar");
    await using elsewhere = await anotherIsolate(service);
    await using line = await personOf(elsewhere.url, bob.session).connect();
    const { messageId } = await asked(line, {
      type: "send",
      chatId: there,
      messageId: newId(),
      forward: { chatId: here, messageId: original.messageId },
    });
    const passed = await read(cleo, { ...original, chatId: there, messageId });
    assert.deepEqual(passed.content, said("From afar"));
    assert.deepEqual(elsewhere.complaints, []);
  });
  assert.deepEqual(service.complaints, []);
});
