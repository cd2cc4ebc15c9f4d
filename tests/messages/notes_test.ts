import assert from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { type ChatItem, CreatedChat } from "../../src/protocol/sync.ts";
import { accepted, refused } from "../support/answers.ts";
import { anotherIsolate, testApp } from "../support/app.ts";
import { fits } from "../support/fits.ts";
import { newPerson, password, type Person, personOf } from "../support/peer.ts";
import { asked, at, history, mention, newId, said, send } from "./talk.ts";

const open = async (by: Person, whom: Person, chatId?: string) =>
  await by.call<ChatItem & { duplicate?: boolean }>("POST", "/chats", {
    kind: "direct",
    memberIds: [whom.userId],
    ...(chatId && { chatId }),
  });

Deno.test("notes to oneself", async (t) => {
  await using service = await testApp();
  await using elsewhere = await anotherIsolate(service);
  const [ann, bob] = await Promise.all(
    ["a", "b"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person];
  const made = await Promise.all([
    open(ann, ann, crypto.randomUUID()),
    open(personOf(elsewhere.url, ann.session), ann),
    open(ann, ann, crypto.randomUUID()),
  ]);
  const notes = fits(CreatedChat, accepted(made[0]!));
  const { chatId } = notes;

  await t.step("there is one chat a person, however often it is opened", () => {
    assert.deepEqual(made.map(({ body }) => body.chatId), [
      chatId,
      chatId,
      chatId,
    ]);
    assert.equal(made.filter(({ status }) => status === 201).length, 1);
    assert.deepEqual(
      [notes.kind, notes.memberCount, notes.peer, notes.me.role],
      ["direct", 1, null, "member"],
    );
  });

  await t.step(
    "nobody else sees it, and with others one still has another",
    async () => {
      refused(await bob.call("GET", `/chats/${chatId}`), "not_found");
      const his = accepted(await open(bob, bob));
      const both = accepted(await open(bob, ann));
      assert.equal(new Set([chatId, his.chatId, both.chatId]).size, 3);
      assert.equal(both.peer?.userId, ann.userId);
    },
  );

  await t.step(
    "every device writes and reads it, and nothing is unread",
    async () => {
      await using one = await ann.connect();
      await using other = await ann.connect();
      const { seq } = await asked(one, {
        type: "send",
        chatId,
        messageId: newId(),
        content: said("Milk"),
      });
      await other.heard("message.created", (event) => event.chatId === chatId);
      const { items } = accepted(
        await ann.call<{ items: ChatItem[] }>("GET", "/chats"),
      );
      const item = items.find((each) => each.chatId === chatId)!;
      assert.deepEqual(
        [
          item.lastSeq,
          item.me.readSeq,
          item.me.unread,
          item.lastMessage!.content,
        ],
        [seq, seq, 0, said("Milk")],
      );
      await using third = await ann.connect();
      const head = third.welcome.chats.find((each) => each.chatId === chatId)!;
      assert.deepEqual([head.lastSeq, head.unread], [seq, 0]);
      const status = accepted(
        await ann.call<unknown>(
          "GET",
          at((await history(ann, chatId)).items[0]!, "/status"),
        ),
      );
      assert.deepEqual(status, { status: "sent", members: [] });
      const reply = await one.ask({ type: "read", chatId, seq });
      assert.ok(reply.ok);
    },
  );

  await t.step(
    "notes can be pinned, edited, reacted to, and mention nobody",
    async () => {
      const note = await send(ann, chatId, "Bread");
      accepted(await ann.call("PUT", at(note, "/pin")));
      accepted(await ann.call("PATCH", at(note), { content: said("Butter") }));
      accepted(
        await ann.call(
          "PUT",
          at(note, `/reactions/${encodeURIComponent("👍")}`),
        ),
      );
      await mention(ann, chatId, ann);
      await mention(ann, chatId, "everyone");
      const [rows] = await service.db.database.run(
        sql`select 1 from mentions where chat_id = ${chatId}::uuid`,
      );
      assert.equal(rows.length, 0);
      refused(
        await ann.call("POST", `/chats/${chatId}/members`, {
          userIds: [bob.userId],
        }),
        "forbidden",
      );
      refused(
        await ann.call("DELETE", `/chats/${chatId}/members/me`),
        "forbidden",
      );
    },
  );

  await t.step(
    "they go with the account, their keys first of all",
    async () => {
      accepted(await ann.call("DELETE", "/me", { password }));
      const gone = sql<
        { gone: boolean }
      >`select deleted_at is not null as gone from chats
      where chat_id = ${chatId}::uuid`;
      const keys = sql`select 1 from chat_keys where chat_id = ${chatId}::uuid`;
      for (let looks = 500; looks > 0; looks--) {
        if ((await service.db.database.run(gone))[0][0]!.gone) break;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      const [[chat], left] = await service.db.database.run(gone, keys);
      assert.deepEqual([chat!.gone, left.length], [true, 0]);
    },
  );
  assert.deepEqual([...service.complaints, ...elsewhere.complaints], []);
});
