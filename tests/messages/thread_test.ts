import assert from "node:assert/strict";
import { Event, type EventOf } from "../../src/protocol/events.ts";
import type { ChatId } from "../../src/protocol/ids.ts";
import { Message } from "../../src/protocol/messages.ts";
import type { List } from "../../src/protocol/page.ts";
import type { Changes } from "../../src/protocol/sync.ts";
import { accepted, refused } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import { fits } from "../support/fits.ts";
import {
  directChat,
  groupOf,
  newPerson,
  type Person,
} from "../support/peer.ts";
import { asked, at, heardOf, newId, read, said, send } from "./talk.ts";

const threadOf = async (by: Person, message: Message, query = "") =>
  accepted(
    await by.call<List<Message>>("GET", at(message, `/replies${query}`)),
  );

const post = (by: Person, chatId: ChatId, body: Record<string, unknown>) =>
  by.call<Message>("POST", `/chats/${chatId}/messages`, {
    content: said("Reply"),
    ...body,
  });

Deno.test("replies", async (t) => {
  await using service = await testApp();
  const [ann, bob] = await Promise.all(
    ["a", "b"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person];
  const chatId = await groupOf(ann, bob);

  await t.step("name what they answer, and are counted there", async () => {
    const root = await send(ann, chatId, "Root");
    await using line = await ann.connect();
    const first = await send(bob, chatId, "One", { replyTo: root.messageId });
    assert.deepEqual(first.replyTo, {
      seq: root.seq,
      messageId: root.messageId,
    });
    const { seq } = await asked(line, {
      type: "send",
      chatId,
      messageId: newId(),
      content: said("Two"),
      replyTo: root.messageId,
    });
    const now = fits(Message, await read(bob, root));
    assert.deepEqual([now.replyCount, now.rev], [2, first.rev + 1]);
    assert.deepEqual(
      (await threadOf(ann, root)).items.map((each) => each.seq),
      [first.seq, seq],
    );
    const created = heardOf(line, chatId).map((event) =>
      fits(Event, event)
    ) as EventOf<
      "message.created"
    >[];
    assert.deepEqual(created.map(({ message }) => message.replyTo?.seq), [
      root.seq,
      root.seq,
    ]);
  });

  await t.step("in one batch are counted each", async () => {
    const root = await send(ann, chatId, "Root");
    await using line = await ann.connect();
    await Promise.all(Array.from({ length: 20 }, (_, i) =>
      asked(line, {
        type: "send",
        chatId,
        messageId: newId(),
        content: said(`${i}`),
        replyTo: root.messageId,
      })));
    assert.equal((await read(bob, root)).replyCount, 20);
  });

  await t.step("sent twice count once", async () => {
    const root = await send(ann, chatId, "Root");
    const once = await send(bob, chatId, "One", { replyTo: root.messageId });
    await send(bob, chatId, "One", {
      replyTo: root.messageId,
      messageId: once.messageId,
    });
    assert.equal((await read(bob, root)).replyCount, 1);
  });

  await t.step("of replies make a thread of their own", async () => {
    const root = await send(ann, chatId, "Root");
    const reply = await send(bob, chatId, "Reply", { replyTo: root.messageId });
    const deeper = await send(ann, chatId, "Deeper", {
      replyTo: reply.messageId,
    });
    assert.deepEqual((await threadOf(ann, root)).items.map(({ seq }) => seq), [
      reply.seq,
    ]);
    assert.deepEqual((await threadOf(ann, reply)).items.map(({ seq }) => seq), [
      deeper.seq,
    ]);
    assert.deepEqual(await threadOf(ann, deeper), {
      items: [],
      nextCursor: null,
    });
  });

  await t.step(
    "reach every reader through the changes, with their root",
    async () => {
      const root = await send(ann, chatId, "Root");
      const { rev: since } = await send(ann, chatId, "Between");
      const reply = await send(bob, chatId, "Reply", {
        replyTo: root.messageId,
      });
      for (const limit of [1, 2, 100]) {
        const changes = accepted(
          await ann.call<Changes>(
            "GET",
            `/chats/${chatId}/changes?since=${since}&limit=${limit}`,
          ),
        );
        assert.deepEqual(
          changes.messages.map((
            { seq, rev, replyCount },
          ) => [seq, rev, replyCount])
            .sort(([a], [b]) => a! - b!),
          [[root.seq, reply.rev, 1], [reply.seq, reply.rev, 0]],
        );
        assert.deepEqual([changes.to, changes.hasMore], [reply.rev, false]);
      }
    },
  );

  await t.step("are paged in their order", async () => {
    const root = await send(ann, chatId, "Root");
    const seqs: number[] = [];
    for (let i = 0; i < 5; i++) {
      seqs.push(
        (await send(bob, chatId, `${i}`, { replyTo: root.messageId })).seq,
      );
      await send(bob, chatId, "Between");
    }
    for (const limit of [1, 2, 5, 6]) {
      const found: number[] = [];
      let cursor: string | null = "";
      while (cursor !== null) {
        const page: List<Message> = await threadOf(
          ann,
          root,
          `?limit=${limit}${cursor && `&cursor=${cursor}`}`,
        );
        found.push(...page.items.map(({ seq }) => seq));
        cursor = page.nextCursor;
      }
      assert.deepEqual(found, seqs, `limit ${limit}`);
    }
    for (const cursor of ["x", "-1", "1.5", "1e99", `${2 ** 53}`, "1%00"]) {
      refused(
        await ann.call("GET", at(root, `/replies?cursor=${cursor}`)),
        "invalid_input",
      );
    }
  });

  await t.step(
    "that were deleted stay in the thread, without content",
    async () => {
      const root = await send(ann, chatId, "Root");
      const reply = await send(bob, chatId, "Reply", {
        replyTo: root.messageId,
      });
      accepted(await bob.call("DELETE", at(reply)));
      const { items } = await threadOf(ann, root);
      assert.deepEqual(items.map(({ content }) => content), [null]);
      assert.equal((await read(ann, root)).replyCount, 1);
    },
  );

  await t.step("outlive what they answer", async () => {
    const root = await send(ann, chatId, "Root");
    const reply = await send(bob, chatId, "Reply", { replyTo: root.messageId });
    accepted(await ann.call("DELETE", at(root)));
    assert.deepEqual(
      (await read(ann, reply)).replyTo?.messageId,
      root.messageId,
    );
    assert.equal((await threadOf(ann, root)).items.length, 1);
  });

  await t.step("answer what is in the same chat, and is there", async () => {
    const elsewhere = await send(ann, await directChat(ann, bob));
    for (const replyTo of [elsewhere.messageId, newId()]) {
      refused(await post(ann, chatId, { replyTo }), "not_found");
    }
    const messageId = newId();
    refused(
      await post(ann, chatId, { messageId, replyTo: messageId }),
      "not_found",
    );
    refused(
      await ann.call(
        "GET",
        `/chats/${chatId}/messages/${elsewhere.messageId}/replies`,
      ),
      "not_found",
    );
  });

  await t.step("may answer what was sent in the same moment", async () => {
    await using line = await ann.connect();
    const ids = Array.from({ length: 10 }, newId);
    const replies = await Promise.all(ids.map((messageId, i) =>
      asked(line, {
        type: "send",
        chatId,
        messageId,
        content: said(`${i}`),
        ...(i > 0 ? { replyTo: ids[i - 1] } : {}),
      })
    ));
    for (const [i, messageId] of ids.entries()) {
      const path = `/chats/${chatId}/messages/${messageId}`;
      const message = accepted(await bob.call<Message>("GET", path));
      assert.equal(message.replyTo?.seq, replies[i - 1]?.seq);
      assert.equal(message.replyCount, i < 9 ? 1 : 0);
    }
  });
  assert.deepEqual(service.complaints, []);
});

Deno.test("pins", async (t) => {
  await using service = await testApp();
  const [ann, bob] = await Promise.all(
    ["a", "b"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person];
  const chatId = await groupOf(ann, bob);

  await t.step("come and go, each told once", async () => {
    const message = await send(bob, chatId);
    await using line = await bob.connect();
    const pin = async (method: "PUT" | "DELETE") =>
      accepted(await ann.call<{ rev: number }>(method, at(message, "/pin")))
        .rev;
    const pinned = await pin("PUT");
    assert.equal(await pin("PUT"), pinned);
    assert.equal((await read(bob, message)).pinned, true);
    const unpinned = await pin("DELETE");
    assert.equal(await pin("DELETE"), unpinned);
    assert.equal((await read(bob, message)).pinned, false);
    await line.ask({ type: "ping" });
    const heard = heardOf(line, chatId).map((event) => fits(Event, event));
    const told = heard.filter(({ type }) => type === "message.created");
    assert.deepEqual(
      told.map((event) => {
        const { rev, message } = event as EventOf<"message.created">;
        return [rev, message.senderId, message.content];
      }),
      [[pinned + 1, ann.userId, {
        type: "system",
        event: "pinned",
        seq: message.seq,
        messageId: message.messageId,
      }]],
    );
    const events = heard.filter((event) => event.type === "message.updated");
    assert.deepEqual(
      events.map(({ change, rev, userId, message }) => [
        change,
        rev,
        userId,
        message.pinned,
      ]),
      [
        ["pinned", pinned, ann.userId, true],
        ["unpinned", unpinned, ann.userId, false],
      ],
    );
  });

  await t.step("go with a deletion and stay with an edit", async () => {
    const message = await send(bob, chatId);
    accepted(await ann.call("PUT", at(message, "/pin")));
    accepted(await bob.call("PATCH", at(message), { content: said("Edited") }));
    assert.equal((await read(ann, message)).pinned, true);
    accepted(await bob.call("DELETE", at(message)));
    assert.equal((await read(ann, message)).pinned, false);
  });
  assert.deepEqual(service.complaints, []);
});
