import assert from "node:assert/strict";
import fc from "fast-check";
import { Event, type EventOf } from "../../src/protocol/events.ts";
import type { ChatId } from "../../src/protocol/ids.ts";
import { type Message, MessageStatus } from "../../src/protocol/messages.ts";
import { Changes, type ChatItem } from "../../src/protocol/sync.ts";
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
import { asked, at, heardOf, newId, said, send, sendAll } from "./talk.ts";

type Cursor = "read" | "delivered";

const move = async (
  by: Person,
  chatId: ChatId,
  cursor: Cursor,
  seq: number,
) => {
  const answer = await by.call("POST", `/chats/${chatId}/${cursor}`, { seq });
  assert.deepEqual([answer.status, answer.body], [204, null]);
};

const moveLive = async (
  line: Line,
  chatId: ChatId,
  cursor: Cursor,
  seq: number,
) => {
  const reply = await line.ask({ type: cursor, chatId, seq });
  assert.ok(reply.ok);
  assert.deepEqual(reply.data, {});
};

const meIn = async (by: Person, chatId: ChatId) =>
  accepted(await by.call<ChatItem>("GET", `/chats/${chatId}`)).me;

const receiptOf = async (by: Person, chatId: ChatId, of: Person) => {
  const changes = accepted(
    await by.call<Changes>("GET", `/chats/${chatId}/changes?since=0`),
  );
  const receipt = fits(Changes, changes).receipts
    .find(({ userId }) => userId === of.userId)!;
  return [receipt.deliveredSeq, receipt.readSeq];
};

const statusOf = async (by: Person, message: Message) =>
  fits(MessageStatus, accepted(await by.call("GET", at(message, "/status"))));

Deno.test("receipts", async (t) => {
  await using service = await testApp();
  const [ann, bob, cleo] = await Promise.all(
    ["a", "b", "c"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person, Person];

  await t.step("what is read is delivered, and no longer unread", async () => {
    const chatId = await groupOf(ann, bob);
    await sendAll(ann, chatId, "1", "2", "3");
    const { readSeq, deliveredSeq, unread } = await meIn(bob, chatId);
    assert.deepEqual([readSeq, deliveredSeq, unread], [0, 0, 4]);
    await move(bob, chatId, "delivered", 2);
    assert.deepEqual(await receiptOf(ann, chatId, bob), [2, 0]);
    assert.equal((await meIn(bob, chatId)).unread, 4);
    await move(bob, chatId, "read", 4);
    assert.deepEqual(await receiptOf(ann, chatId, bob), [4, 4]);
    assert.equal((await meIn(bob, chatId)).unread, 0);
  });

  await t.step("who writes has read up to there", async () => {
    const chatId = await groupOf(ann, bob);
    await sendAll(ann, chatId, "1", "2");
    await send(bob, chatId, "3");
    await send(ann, chatId, "4");
    assert.deepEqual(await receiptOf(ann, chatId, bob), [4, 4]);
    assert.deepEqual([
      (await meIn(bob, chatId)).unread,
      (await meIn(ann, chatId)).unread,
    ], [1, 0]);
  });

  await t.step("never go back, nor past the last message", async () => {
    const chatId = await groupOf(ann, bob);
    await sendAll(ann, chatId, "1", "2", "3");
    await using line = await bob.connect();
    await move(bob, chatId, "read", Number.MAX_SAFE_INTEGER);
    assert.deepEqual(await receiptOf(ann, chatId, bob), [4, 4]);
    await moveLive(line, chatId, "read", 1);
    await moveLive(line, chatId, "delivered", 0);
    assert.deepEqual(await receiptOf(ann, chatId, bob), [4, 4]);
    await send(ann, chatId, "4");
    assert.equal(
      (await meIn(bob, chatId)).unread,
      1,
      "4 was not read in advance",
    );
  });

  await t.step("are told as they move, and not otherwise", async () => {
    const chatId = await groupOf(ann, bob);
    const [, , last] = await sendAll(ann, chatId, "1", "2", "3");
    await using line = await ann.connect();
    await move(bob, chatId, "delivered", 2);
    await move(bob, chatId, "delivered", 2);
    await move(bob, chatId, "delivered", 1);
    await move(bob, chatId, "read", 0);
    await move(bob, chatId, "read", 1);
    await move(bob, chatId, "read", 9);
    await move(bob, chatId, "read", 9);
    await line.ask({ type: "ping" });
    const events = heardOf(line, chatId).map((event) =>
      fits(Event, event) as EventOf<"receipt.updated">
    );
    assert.deepEqual(
      events.map(({ type, userId, deliveredSeq, readSeq }) => [
        type,
        userId,
        deliveredSeq,
        readSeq,
      ]),
      [[2, 0], [2, 1], [4, 4]].map((cursors) => [
        "receipt.updated",
        bob.userId,
        ...cursors,
      ]),
    );
    const { rev } = accepted(
      await ann.call<ChatItem>("GET", `/chats/${chatId}`),
    );
    assert.equal(rev, last!.rev, "they take no rev");
  });

  await t.step("in an empty chat have nowhere to go", async () => {
    const chatId = await directChat(ann, cleo);
    await using line = await cleo.connect();
    await move(ann, chatId, "read", 0);
    await move(ann, chatId, "read", 5);
    await line.ask({ type: "ping" });
    assert.deepEqual(heardOf(line, chatId), []);
    assert.deepEqual(await receiptOf(ann, chatId, ann), [0, 0]);
  });

  await t.step(
    "of one who came later begin where she came, in events too",
    async () => {
      const chatId = await groupOf(ann, bob);
      await sendAll(ann, chatId, "1", "2", "3");
      await using line = await ann.connect();
      accepted(
        await ann.call("POST", `/chats/${chatId}/members`, {
          userIds: [cleo.userId],
        }),
      );
      assert.deepEqual(await receiptOf(ann, chatId, cleo), [4, 4]);
      await move(cleo, chatId, "read", 1);
      assert.deepEqual(await receiptOf(ann, chatId, cleo), [4, 4]);
      await send(ann, chatId, "4");
      await move(cleo, chatId, "delivered", 2);
      await move(cleo, chatId, "delivered", 6);
      await line.ask({ type: "ping" });
      const moves = heardOf(line, chatId).filter(({ type }) =>
        type === "receipt.updated"
      )
        .map((event) => event as EventOf<"receipt.updated">);
      for (const { deliveredSeq, readSeq } of moves) {
        assert.ok(
          deliveredSeq >= 4 && readSeq >= 4,
          `${deliveredSeq}, ${readSeq}`,
        );
      }
      assert.deepEqual(
        moves.at(-1),
        {
          type: "receipt.updated",
          chatId,
          userId: cleo.userId,
          deliveredSeq: 6,
          readSeq: 4,
        },
      );
      assert.equal((await meIn(cleo, chatId)).unread, 2);
    },
  );

  await t.step(
    "of one who left and came back do not fall behind that",
    async () => {
      const chatId = await groupOf(ann, bob);
      await send(ann, chatId, "1");
      await move(bob, chatId, "read", 1);
      accepted(await bob.call("DELETE", `/chats/${chatId}/members/me`));
      await sendAll(ann, chatId, "2", "3");
      accepted(
        await ann.call("POST", `/chats/${chatId}/members`, {
          userIds: [bob.userId],
        }),
      );
      await using line = await ann.connect();
      await move(bob, chatId, "read", 2);
      assert.deepEqual(await receiptOf(ann, chatId, bob), [5, 5]);
      await line.ask({ type: "ping" });
      for (const event of heardOf(line, chatId)) {
        assert.ok(event.type === "receipt.updated" && event.readSeq >= 5);
      }
    },
  );

  await t.step(
    "however they are asked to move, only grow and stay in bounds",
    async () => {
      const chatId = await groupOf(ann, bob, cleo);
      let last = 1;
      await using anns = await ann.connect();
      await using bobs = await bob.connect();
      await using cleos = await cleo.connect();
      const lines = [bobs, cleos];
      const step = fc.oneof(
        fc.record({
          who: fc.nat(1),
          cursor: fc.constantFrom<Cursor>("read", "delivered"),
          seq: fc.nat(12),
          isLive: fc.boolean(),
        }),
        fc.constant("send" as const),
      );
      const model = [bob, cleo].map(() => ({ delivered: 0, read: 0 }));
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
          for (const each of steps) {
            if (each === "send") {
              last = (await send(ann, chatId)).seq;
              continue;
            }
            const { who, cursor, seq, isLive } = each;
            if (isLive) await moveLive(lines[who]!, chatId, cursor, seq);
            else await move([bob, cleo][who]!, chatId, cursor, seq);
            const mine = model[who]!;
            const to = Math.min(seq, last);
            mine.delivered = Math.max(mine.delivered, to);
            if (cursor === "read") mine.read = Math.max(mine.read, to);
          }
          for (const [who, person] of [bob, cleo].entries()) {
            const { delivered, read } = model[who]!;
            assert.deepEqual(await receiptOf(ann, chatId, person), [
              delivered,
              read,
            ]);
            assert.equal((await meIn(person, chatId)).unread, last - read);
          }
        }),
        { numRuns: 12 },
      );
      await anns.ask({ type: "ping" });
      for (const [who, { userId }] of [bob, cleo].entries()) {
        let before = { deliveredSeq: 0, readSeq: 0 };
        for (const event of heardOf(anns, chatId)) {
          if (
            event.type !== "receipt.updated" || event.userId !== userId
          ) continue;
          assert.ok(
            event.deliveredSeq >= before.deliveredSeq &&
              event.readSeq >= before.readSeq,
          );
          assert.ok(event.deliveredSeq >= event.readSeq);
          before = event;
        }
        assert.deepEqual([before.deliveredSeq, before.readSeq], [
          model[who]!.delivered,
          model[who]!.read,
        ]);
      }
    },
  );

  await t.step("many at once of all members end at the furthest", async () => {
    const chatId = await groupOf(ann, bob, cleo);
    await using line = await ann.connect();
    await Promise.all(
      Array.from({ length: 20 }, () =>
        asked(line, {
          type: "send",
          chatId,
          messageId: newId(),
          content: said("x"),
        })),
    );
    await using bobs = await bob.connect();
    await using cleos = await cleo.connect();
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => [
        moveLive(bobs, chatId, "read", i),
        moveLive(bobs, chatId, "delivered", 20 - i),
        moveLive(cleos, chatId, "delivered", i + 1),
      ]).flat(),
    );
    assert.deepEqual(await receiptOf(ann, chatId, bob), [20, 19]);
    assert.deepEqual(await receiptOf(ann, chatId, cleo), [20, 0]);
  });

  await t.step("of one outside are refused, alone in their batch", async () => {
    const [chatId, theirs] = [await groupOf(ann, bob), await groupOf(cleo)];
    await send(ann, chatId, "1");
    await send(cleo, theirs, "1");
    await using bobs = await bob.connect();
    const replies = await Promise.all([
      bobs.ask({ type: "read", chatId, seq: 1 }),
      bobs.ask({ type: "read", chatId: theirs, seq: 1 }),
      bobs.ask({ type: "delivered", chatId: crypto.randomUUID(), seq: 1 }),
      bobs.ask({ type: "read", chatId, seq: 1 }),
    ]);
    assert.deepEqual(
      replies.map((reply) => reply.ok ? "ok" : reply.error.code),
      ["ok", "not_found", "not_found", "ok"],
    );
    assert.deepEqual(await receiptOf(ann, chatId, bob), [1, 1]);
    for (
      const body of [{}, { seq: -1 }, { seq: 1.5 }, { seq: "1" }, {
        seq: 1,
        at: 1,
      }]
    ) {
      refused(
        await bob.call("POST", `/chats/${chatId}/read`, body),
        "invalid_input",
      );
    }
  });
  assert.deepEqual(service.complaints, []);
});

Deno.test("status", async (t) => {
  await using service = await testApp();
  const [ann, bob, cleo] = await Promise.all(
    ["a", "b", "c"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person, Person];

  await t.step("is sent, delivered to all, read by all", async () => {
    const chatId = await groupOf(ann, bob, cleo);
    const message = await send(ann, chatId);
    const of = (status: string, ...marks: [Person, boolean, boolean][]) => ({
      status,
      members: marks.map(([{ userId }, delivered, read]) => ({
        userId,
        delivered,
        read,
      }))
        .sort((a, b) => a.userId < b.userId ? -1 : 1),
    });
    assert.deepEqual(
      await statusOf(ann, message),
      of("sent", [bob, false, false], [cleo, false, false]),
    );
    await move(bob, chatId, "read", message.seq);
    assert.deepEqual(
      await statusOf(ann, message),
      of("sent", [bob, true, true], [cleo, false, false]),
    );
    await move(cleo, chatId, "delivered", message.seq);
    assert.deepEqual(
      await statusOf(ann, message),
      of("delivered", [bob, true, true], [cleo, true, false]),
    );
    await move(cleo, chatId, "read", message.seq);
    assert.deepEqual(
      await statusOf(bob, message),
      of("read", [bob, true, true], [cleo, true, true]),
    );
    assert.equal((await statusOf(ann, await send(ann, chatId))).status, "sent");
  });

  await t.step("counts those who are in the chat now", async () => {
    const chatId = await groupOf(ann, bob, cleo);
    const message = await send(ann, chatId);
    await move(bob, chatId, "read", message.seq);
    accepted(await cleo.call("DELETE", `/chats/${chatId}/members/me`));
    const status = await statusOf(ann, message);
    assert.deepEqual([
      status.status,
      status.members.map(({ userId }) => userId),
    ], [
      "read",
      [bob.userId],
    ]);
    accepted(
      await ann.call("POST", `/chats/${chatId}/members`, {
        userIds: [cleo.userId],
      }),
    );
    assert.equal(
      (await statusOf(ann, message)).status,
      "read",
      "she came after it",
    );
  });

  await t.step("of a message to oneself stays sent", async () => {
    const message = await send(ann, await groupOf(ann));
    assert.deepEqual(await statusOf(ann, message), {
      status: "sent",
      members: [],
    });
  });
  assert.deepEqual(service.complaints, []);
});
