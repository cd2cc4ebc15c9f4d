import assert from "node:assert/strict";
import { noPreferences } from "../../src/protocol/preferences.ts";
import { createChanges } from "../../src/changes/mod.ts";
import { createChats } from "../../src/chats/mod.ts";
import type { Database } from "../../src/db/database.ts";
import type { ChatId } from "../../src/protocol/ids.ts";
import { adminRights } from "../../src/protocol/groups.ts";
import { limits } from "../../src/protocol/limits.ts";
import { Member } from "../../src/protocol/chats.ts";
import { CreatedChat } from "../../src/protocol/sync.ts";
import { accepted, refused } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import { fits } from "../support/fits.ts";
import { newPerson, type Person } from "../support/peer.ts";
import { crowd } from "./crowd.ts";
import { silent } from "../support/silent.ts";
import { unlimited } from "../support/unlimited.ts";

interface Made {
  chatId: ChatId;
  duplicate?: boolean;
}

const uuid = () => crypto.randomUUID() as ChatId;
const create = (by: Person, body: unknown) =>
  by.call<Made>("POST", "/chats", body);
const group = (more: Record<string, unknown> = {}) => ({
  kind: "group",
  title: "A group",
  ...more,
});
const direct = (other: Person, more: Record<string, unknown> = {}) => ({
  kind: "direct",
  memberIds: [other.userId],
  ...more,
});

Deno.test("create", async (t) => {
  await using service = await testApp();
  const [ann, bob, cleo, dan] = await Promise.all(
    ["a", "b", "c", "d"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person, Person, Person];

  await t.step(
    "a group has its maker as owner and the others in it",
    async () => {
      const memberIds = [bob.userId, cleo.userId, bob.userId, ann.userId];
      const answer = await create(
        ann,
        group({ title: " ☕ 'quoted\\' ", memberIds }),
      );
      assert.equal(answer.status, 201);
      const chat = fits(CreatedChat, answer.body);
      assert.equal(chat.title, " ☕ 'quoted\\' ");
      assert.equal(chat.memberCount, 3);
      assert.equal(chat.createdBy, ann.userId);
      assert.deepEqual(
        {
          rev: chat.rev,
          lastSeq: chat.lastSeq,
          content: chat.lastMessage?.content,
        },
        {
          rev: 4,
          lastSeq: 1,
          content: {
            type: "system",
            event: "groupCreated",
            title: " ☕ 'quoted\\' ",
          },
        },
      );
      assert.deepEqual(chat.me, {
        ...noPreferences,
        draft: null,
        role: "owner",
        rights: adminRights,
        readSeq: 1,
        deliveredSeq: 1,
        unread: 0,
      });
      const { items } = accepted(
        await bob.call<{ items: unknown[] }>(
          "GET",
          `/chats/${chat.chatId}/members`,
        ),
      );
      const roles = items.map((item) => {
        const { userId, role } = fits(Member, item);
        return [userId, role] as const;
      });
      assert.deepEqual(
        new Map(roles),
        new Map([
          [ann.userId, "owner"],
          [bob.userId, "member"],
          [cleo.userId, "member"],
        ]),
      );
    },
  );

  await t.step("a group of one", async () => {
    const chat = fits(CreatedChat, accepted(await create(ann, group())));
    assert.deepEqual([chat.memberCount, chat.rev], [1, 2]);
  });

  await t.step("a direct chat shows each the other", async () => {
    const mine = fits(CreatedChat, accepted(await create(ann, direct(dan))));
    assert.deepEqual([mine.title, mine.memberCount, mine.me.role], [
      null,
      2,
      "member",
    ]);
    assert.equal(mine.peer?.userId, dan.userId);
    const theirs = accepted(
      await dan.call<{ peer: { userId: string } }>(
        "GET",
        `/chats/${mine.chatId}`,
      ),
    );
    assert.equal(theirs.peer.userId, ann.userId);
  });

  await t.step("is idempotent on the chatId", async () => {
    const chatId = uuid();
    const first = await create(ann, group({ chatId, memberIds: [bob.userId] }));
    const again = await create(ann, group({ chatId, title: "Another" }));
    assert.deepEqual([first.status, again.status], [201, 200]);
    assert.deepEqual(again.body, { ...first.body, duplicate: true });
    fits(CreatedChat, again.body);
  });

  await t.step("is idempotent also for many at once", async () => {
    const chatId = uuid();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => create(ann, group({ chatId }))),
    );
    assert.deepEqual(
      answers.map(({ status }) => status).sort(),
      [200, 200, 200, 200, 200, 200, 200, 201],
    );
    assert.equal(new Set(answers.map(({ body }) => body.chatId)).size, 1);
  });

  await t.step("an id in use is not given again", async (t) => {
    const chatId = uuid();
    accepted(await create(ann, group({ chatId, memberIds: [bob.userId] })));
    await t.step("to another member", async () => {
      refused(await create(bob, group({ chatId })), "id_taken");
    });
    await t.step("to a stranger", async () => {
      refused(await create(cleo, group({ chatId })), "id_taken");
      refused(await create(cleo, direct(bob, { chatId })), "id_taken");
    });
    await t.step("when it is an account's", async () => {
      refused(await create(ann, group({ chatId: ann.userId })), "id_taken");
      refused(await create(ann, group({ chatId: bob.userId })), "id_taken");
    });
    await t.step("when its chat was deleted", async () => {
      accepted(await ann.call("DELETE", `/chats/${chatId}`));
      refused(await create(bob, group({ chatId })), "id_taken");
    });
  });

  await t.step("a pair has one direct chat, whoever opens it", async () => {
    const first = accepted(await create(bob, direct(cleo)));
    const answers = [
      await create(bob, direct(cleo)),
      await create(cleo, direct(bob)),
      await create(cleo, direct(bob, { chatId: uuid() })),
    ];
    for (const { status, body } of answers) {
      assert.deepEqual([status, body.chatId, body.duplicate], [
        200,
        first.chatId,
        true,
      ]);
    }
  });

  await t.step("a direct chat opened by both at once is one chat", async () => {
    const pair = await Promise.all(
      ["p", "q"].map((name) => newPerson(service.url, name)),
    );
    const [one, other] = pair as [Person, Person];
    const answers = await Promise.all(
      Array.from(
        { length: 6 },
        (_, i) =>
          i % 2
            ? create(one, direct(other, { chatId: uuid() }))
            : create(other, direct(one, { chatId: uuid() })),
      ),
    );
    assert.equal(new Set(answers.map(({ body }) => body.chatId)).size, 1);
    assert.equal(answers.filter(({ status }) => status === 201).length, 1);
    for (const person of pair) {
      const { items } = accepted(
        await person.call<{ items: Made[] }>("GET", "/chats"),
      );
      assert.equal(items.length, 1);
    }
  });

  await t.step("nor are they two when isolates make it at once", async () => {
    const pair = await crowd(service.db.database, 2);
    const made = await Promise.all(Array.from({ length: 4 }, (_, i) => {
      const isolate = anotherIsolate(service.db.database);
      const [by, other] = i % 2 ? pair : pair.toReversed();
      return isolate.create(by!, { kind: "direct", memberIds: [other!] });
    }));
    assert.equal(new Set(made.map(({ chatId }) => chatId)).size, 1);
    assert.equal(made.filter(({ duplicate }) => !duplicate).length, 1);
  });

  await t.step("with somebody who is not there is refused", async () => {
    const nobody = crypto.randomUUID();
    refused(
      await create(ann, { kind: "direct", memberIds: [nobody] }),
      "not_found",
    );
    refused(
      await create(ann, group({ memberIds: [bob.userId, nobody] })),
      "not_found",
    );
  });

  await t.step("reads ids in any case", async () => {
    const chatId = uuid();
    const upper = {
      chatId: chatId.toUpperCase(),
      memberIds: [bob.userId.toUpperCase()],
    };
    const made = accepted(await create(ann, group(upper)));
    assert.equal(made.chatId, chatId);
    accepted(await bob.call("GET", `/chats/${chatId.toUpperCase()}`));
  });

  const invalid: [string, unknown][] = [
    ["a chat without a kind", { title: "A group" }],
    ["a chat of an unknown kind", { kind: "club", title: "A club" }],
    ["a group without a title", { kind: "group" }],
    ["a blank title", group({ title: " \t\n" })],
    ["a title too long", group({ title: "x".repeat(129) })],
    ["U+0000 in the title", group({ title: "a\0b" })],
    ["half a character in the title", group({ title: "a\ud800" })],
    ["an unknown field", group({ titel: "A group" })],
    ["a chatId that is none", group({ chatId: "1" })],
    ["a member that is none", group({ memberIds: ["me"] })],
    ["a direct chat of three", {
      kind: "direct",
      memberIds: [bob.userId, cleo.userId],
    }],
    ["a direct chat with nobody", { kind: "direct", memberIds: [] }],
    ["a direct chat with a title", direct(bob, { title: "Ours" })],
    [
      "more members than one request may name",
      group({
        memberIds: Array.from({ length: limits.membersPerRequest + 1 }, uuid),
      }),
    ],
    ["a list", []],
    ["null", null],
  ];
  for (const [what, body] of invalid) {
    await t.step(`refuses ${what}`, async () => {
      const answer = await create(ann, body);
      assert.equal(answer.status, 400);
      refused(answer, "invalid_input");
    });
  }

  await t.step("with as many members as one request may name", async () => {
    const memberIds = await crowd(
      service.db.database,
      limits.membersPerRequest,
    );
    const made = accepted(
      await ann.call<{ memberCount: number; rev: number }>(
        "POST",
        "/chats",
        group({ memberIds }),
      ),
    );
    assert.deepEqual([made.memberCount, made.rev], [257, 258]);
  });

  await t.step(
    "tells every device of all its people, as it is with all of them",
    async () => {
      await using bobs = await bob.connect();
      await using anns = await ann.connect();
      const { chatId } = accepted(
        await create(ann, group({ memberIds: [bob.userId, cleo.userId] })),
      );
      for (const line of [anns, bobs]) {
        const event = await line.heard(
          "chat.created",
          (event) => event.chatId === chatId,
        );
        assert.deepEqual([event.rev, event.lastSeq, event.chat.memberCount], [
          3,
          0,
          3,
        ]);
        assert.equal(event.accountRev, line.welcome.accountRev + 1);
      }
      accepted(
        await ann.call("PATCH", `/chats/${chatId}`, { title: "Renamed" }),
      );
      const renamed = await bobs.heard(
        "chat.updated",
        (event) => event.chatId === chatId,
      );
      assert.equal(renamed.rev, 5, "from then on they hear of it");
    },
  );
  assert.deepEqual(service.complaints, []);
});

/** The chats as another isolate has them, with lanes of its own to the same database. */
const anotherIsolate = (db: Database) =>
  createChats({
    db,
    changes: createChanges({ db, announce: () => {}, now: () => new Date() }),
    newId: uuid,
    narrate: silent,
    reached: unlimited,
    newDataKey: (chatId) =>
      Promise.resolve({
        chatId,
        keyVersion: 1,
        masterKeyId: "m1",
        wrapped: new Uint8Array(1),
      }),
  });
