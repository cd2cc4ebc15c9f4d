import assert from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { Event, type EventOf } from "../../src/protocol/events.ts";
import { RevReply } from "../../src/protocol/frames.ts";
import type { ChatId } from "../../src/protocol/ids.ts";
import { Message } from "../../src/protocol/messages.ts";
import type { Changes, ChatItem, Sync } from "../../src/protocol/sync.ts";
import { accepted, refused } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import { fits } from "../support/fits.ts";
import {
  directChat,
  groupOf,
  type Line,
  newPerson,
  type Person,
} from "../support/peer.ts";
import {
  asked,
  at,
  heardOf,
  history,
  newId,
  read,
  said,
  send,
} from "./talk.ts";

const sync = async (by: Person, cursor?: string) =>
  accepted(
    await by.call<Sync>(
      "GET",
      `/sync${cursor ? `?cursor=${encodeURIComponent(cursor)}` : ""}`,
    ),
  );

/** What a line has heard happen to a chat's messages, each checked against its schema. */
async function updatesOf(line: Line, chatId: ChatId) {
  await line.ask({ type: "ping" });
  return heardOf(line, chatId).filter((event) =>
    event.type === "message.updated"
  )
    .map((event) => fits(Event, event) as EventOf<"message.updated">);
}

Deno.test("edit", async (t) => {
  await using service = await testApp();
  const [ann, bob] = await Promise.all(
    ["a", "b"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person];
  const chatId = await groupOf(ann, bob);
  const message = await send(bob, chatId, "Before");

  await t.step("changes the content for all, and tells them", async () => {
    await using line = await ann.connect();
    const edited = fits(
      Message,
      accepted(
        await bob.call<Message>("PATCH", at(message), {
          content: said("After"),
        }),
      ),
    );
    assert.deepEqual(edited, {
      ...message,
      rev: message.rev + 1,
      content: said("After"),
      editedAt: edited.editedAt,
    });
    assert.ok(edited.editedAt! >= message.createdAt);
    assert.deepEqual(await read(ann, message), edited);
    const [event] = await updatesOf(line, chatId);
    assert.deepEqual(event, {
      type: "message.updated",
      chatId,
      rev: edited.rev,
      message: edited,
      change: "edited",
      userId: bob.userId,
    });
  });

  await t.step("works over the socket", async () => {
    await using line = await bob.connect();
    const { rev } = fits(
      RevReply,
      await asked(line, {
        type: "edit",
        chatId,
        messageId: message.messageId,
        content: said("Again"),
      }),
    );
    const now = await read(ann, message);
    assert.deepEqual([now.content, now.rev, now.seq], [
      said("Again"),
      rev,
      message.seq,
    ]);
  });

  await t.step("is for the sender alone, whatever the role", async () => {
    refused(
      await ann.call("PATCH", at(message), { content: said("x") }),
      "forbidden",
    );
  });

  await t.step("finds a message in its own chat only", async () => {
    const other = await groupOf(bob, ann);
    const path = `/chats/${other}/messages/${message.messageId}`;
    refused(await bob.call("PATCH", path, { content: said("x") }), "not_found");
    const nothing = { ...message, messageId: newId() };
    refused(
      await bob.call("PATCH", at(nothing), { content: said("x") }),
      "not_found",
    );
  });

  await t.step("many at once leave the one with the highest rev", async () => {
    const answers = await Promise.all(
      Array.from(
        { length: 10 },
        (_, i) =>
          bob.call<Message>("PATCH", at(message), { content: said(`${i}`) }),
      ),
    );
    const last = answers.map(({ body }) => body).sort((a, b) => a.rev - b.rev)
      .at(-1)!;
    assert.deepEqual(await read(ann, message), last);
  });

  await t.step("does not bring back what was deleted", async () => {
    accepted(await bob.call("DELETE", at(message)));
    refused(
      await bob.call("PATCH", at(message), { content: said("x") }),
      "conflict",
    );
    assert.equal((await read(ann, message)).content, null);
  });
  assert.deepEqual(service.complaints, []);
});

Deno.test("delete for everyone", async (t) => {
  await using service = await testApp();
  const [ann, bob, cleo] = await Promise.all(
    ["a", "b", "c"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person, Person];
  const chatId = await groupOf(ann, bob, cleo);

  await t.step("keeps the place and takes the rest", async () => {
    const message = await send(bob, chatId, "Regrettable");
    accepted(await ann.call("PUT", at(message, "/pin")));
    accepted(
      await ann.call(
        "PUT",
        at(message, `/reactions/${encodeURIComponent("👍")}`),
      ),
    );
    await send(cleo, chatId, "What?", { replyTo: message.messageId });
    await using line = await ann.connect();
    const { rev } = fits(
      RevReply,
      accepted(await bob.call("DELETE", at(message))),
    );
    const left = fits(Message, await read(cleo, message));
    assert.deepEqual(left, {
      ...message,
      rev,
      content: null,
      replyCount: 1,
      deletedAt: left.deletedAt,
    });
    const [event] = await updatesOf(line, chatId);
    assert.deepEqual([event!.change, event!.rev, event!.message], [
      "deleted",
      rev,
      left,
    ]);

    const [stored, reactions] = await service.db.database.run(
      sql<{ sealed: null }>`select sealed from messages
        where message_id = ${message.messageId}::uuid`,
      sql<{ one: 1 }>`select 1 as one from reactions
        where chat_id = ${chatId}::uuid and seq = ${message.seq}`,
    );
    assert.deepEqual([stored, reactions], [[{ sealed: null }], []]);
  });

  await t.step("again changes nothing", async () => {
    const message = await send(bob, chatId);
    const once = accepted(
      await bob.call("DELETE", at(message, "?for=everyone")),
    );
    const twice = accepted(await bob.call("DELETE", at(message)));
    assert.deepEqual(twice, once);
  });

  await t.step(
    "is open to admins of a group, over the socket too",
    async () => {
      const message = await send(bob, chatId);
      refused(await cleo.call("DELETE", at(message)), "forbidden");
      await using line = await ann.connect();
      await asked(line, {
        type: "delete",
        chatId,
        messageId: message.messageId,
      });
      assert.equal((await read(bob, message)).content, null);
    },
  );

  await t.step("leaves nothing to pin, react or reply to", async () => {
    const message = await send(bob, chatId);
    accepted(await bob.call("DELETE", at(message)));
    const thumb = `/reactions/${encodeURIComponent("👍")}`;
    refused(await ann.call("PUT", at(message, "/pin")), "conflict");
    refused(await ann.call("PUT", at(message, thumb)), "conflict");
    refused(
      await ann.call("POST", `/chats/${chatId}/messages`, {
        content: said("x"),
        replyTo: message.messageId,
      }),
      "conflict",
    );
  });

  await t.step("and a reaction at once end with nothing on it", async () => {
    for (let i = 0; i < 5; i++) {
      const message = await send(bob, chatId);
      await Promise.all([
        ann.call("PUT", at(message, `/reactions/${encodeURIComponent("👍")}`)),
        bob.call("DELETE", at(message)),
        cleo.call("PUT", at(message, `/reactions/${encodeURIComponent("👍")}`)),
      ]);
      assert.deepEqual((await read(bob, message)).reactions, []);
      const [rows] = await service.db.database.run(
        sql<{ emoji: string }>`select emoji from reactions
          where chat_id = ${chatId}::uuid and seq = ${message.seq}`,
      );
      assert.deepEqual(rows, []);
    }
  });

  await t.step("refuses an unknown reach", async () => {
    const message = await send(bob, chatId);
    refused(
      await bob.call("DELETE", at(message, "?for=them")),
      "invalid_input",
    );
  });
  assert.deepEqual(service.complaints, []);
});

Deno.test("delete for oneself", async (t) => {
  await using service = await testApp();
  const [ann, bob] = await Promise.all(
    ["a", "b"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person];
  const chatId = await directChat(ann, bob);
  const first = await send(bob, chatId, "First");
  const message = await send(bob, chatId, "Not for ann");

  await t.step(
    "takes a message out of one's own sight, everywhere",
    async () => {
      await send(ann, chatId, "Reply", { replyTo: first.messageId });
      const reply = await send(bob, chatId, "Reply", {
        replyTo: first.messageId,
      });
      await using annsOther = await ann.connect();
      await using bobs = await bob.connect();
      for (const each of [message, reply]) {
        fits(RevReply, accepted(await ann.call("DELETE", at(each, "?for=me"))));
        const event = fits(
          Event,
          await annsOther.heard(
            "message.hidden",
            ({ messageId }) => messageId === each.messageId,
          ),
        );
        assert.ok(event.type === "message.hidden");
        assert.deepEqual([event.chatId, event.seq], [chatId, each.seq]);
      }

      assert.deepEqual(
        (await history(ann, chatId)).items.map(({ seq }) => seq),
        [1, 3],
      );
      refused(await ann.call("GET", at(message)), "not_found");
      refused(await ann.call("GET", at(message, "/status")), "not_found");
      refused(await ann.call("GET", at(message, "/replies")), "not_found");
      const replies = accepted(
        await ann.call<{ items: Message[] }>("GET", at(first, "/replies")),
      );
      assert.deepEqual(
        replies.items.map(({ seq }) => seq),
        [3],
      );
      const chat = accepted(
        await ann.call<ChatItem>("GET", `/chats/${chatId}`),
      );
      assert.deepEqual([chat.lastMessage?.seq, chat.lastSeq], [3, 4]);
      const changes = accepted(
        await ann.call<Changes>("GET", `/chats/${chatId}/changes?since=0`),
      );
      assert.deepEqual(changes.messages.map(({ seq }) => seq).sort(), [1, 3]);
      assert.deepEqual([changes.to, changes.hasMore], [chat.rev, false]);

      await bobs.ask({ type: "ping" });
      assert.deepEqual(
        bobs.events.filter(({ type }) => type === "message.hidden"),
        [],
      );
      assert.equal((await history(bob, chatId)).items.length, 4);
    },
  );

  await t.step("reaches the other devices through sync", async () => {
    const { cursor } = await sync(ann);
    const hidden = await send(bob, chatId);
    accepted(await ann.call("DELETE", at(hidden, "?for=me")));
    const news = await sync(ann, cursor);
    assert.deepEqual(news.hidden, [
      { chatId, seq: hidden.seq, messageId: hidden.messageId },
    ]);
    assert.equal((await sync(ann)).hidden.length, 3);
  });

  await t.step("again changes nothing, and takes no number", async () => {
    const before = await sync(ann);
    await using line = await ann.connect();
    const again = accepted(await ann.call("DELETE", at(message, "?for=me")));
    fits(RevReply, again);
    await line.ask({ type: "ping" });
    assert.deepEqual(line.events, []);
    assert.equal((await sync(ann)).accountRev, before.accountRev);
  });

  await t.step("twice at once takes one number", async () => {
    const both = await send(bob, chatId);
    const { accountRev } = await sync(ann);
    await Promise.all(
      [1, 2, 3].map(() => ann.call("DELETE", at(both, "?for=me"))),
    );
    assert.equal((await sync(ann)).accountRev, accountRev + 1);
  });

  await t.step("is over the socket too, and of deleted messages", async () => {
    const gone = await send(bob, chatId);
    accepted(await bob.call("DELETE", at(gone)));
    await using line = await ann.connect();
    await asked(line, {
      type: "delete",
      for: "me",
      chatId,
      messageId: gone.messageId,
    });
    refused(await ann.call("GET", at(gone)), "not_found");
  });
  assert.deepEqual(service.complaints, []);
});
