import assert from "node:assert/strict";
import { noPreferences } from "../../src/protocol/preferences.ts";
import { createChanges } from "../../src/changes/mod.ts";
import { createChats } from "../../src/chats/mod.ts";
import { sql } from "../../src/db/sql.ts";
import { Member, type Role } from "../../src/protocol/chats.ts";
import type { ChatId, UserId } from "../../src/protocol/ids.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { ChatItem } from "../../src/protocol/sync.ts";
import { accepted, refused } from "../support/answers.ts";
import { type TestApp, testApp } from "../support/app.ts";
import { fits } from "../support/fits.ts";
import { groupOf, newPerson, type Person } from "../support/peer.ts";
import { crowd } from "./crowd.ts";
import { silent } from "../support/silent.ts";
import { unlimited } from "../support/unlimited.ts";

const text = { content: { type: "text", text: "Hello" } };

async function people(service: TestApp, count: number): Promise<Person[]> {
  return await Promise.all(
    Array.from({ length: count }, () => newPerson(service.url)),
  );
}

const membersOf = async (by: Person, chatId: ChatId): Promise<Member[]> =>
  accepted(
    await by.call<{ items: Member[] }>("GET", `/chats/${chatId}/members`),
  ).items;

const rolesOf = async (by: Person, chatId: ChatId) =>
  Object.fromEntries(
    (await membersOf(by, chatId)).map(({ userId, role }) => [userId, role]),
  );

const add = (by: Person, chatId: ChatId, ...userIds: string[]) =>
  by.call<{ items: Member[] }>("POST", `/chats/${chatId}/members`, { userIds });

const setRole = (by: Person, chatId: ChatId, of: Person, role: Role) =>
  by.call<Member>("PATCH", `/chats/${chatId}/members/${of.userId}`, { role });

const leave = (by: Person, chatId: ChatId) =>
  by.call("DELETE", `/chats/${chatId}/members/me`);

const read = (by: Person, chatId: ChatId) =>
  by.call<ChatItem>("GET", `/chats/${chatId}`);

Deno.test("members", async (t) => {
  await using service = await testApp();
  const [ann, bob, cleo, dan] = await people(service, 4) as [
    Person,
    Person,
    Person,
    Person,
  ];

  await t.step(
    "who is added is in at once, and reads from the start",
    async () => {
      const chatId = await groupOf(ann);
      accepted(await ann.call("POST", `/chats/${chatId}/messages`, text));
      refused(await read(bob, chatId), "not_found");
      const { items } = accepted(await add(ann, chatId, bob.userId));
      const [member] = items.map((item) => fits(Member, item));
      assert.deepEqual([
        member!.userId,
        member!.role,
        member!.leftAt,
        member!.rev,
      ], [
        bob.userId,
        "member",
        null,
        4,
      ]);
      const chat = accepted(await read(bob, chatId));
      assert.deepEqual([chat.memberCount, chat.lastSeq, chat.me.unread], [
        2,
        3,
        1,
      ], "that she was added is news to her");
      const history = accepted(
        await bob.call<{ items: unknown[] }>(
          "GET",
          `/chats/${chatId}/messages`,
        ),
      );
      assert.equal(history.items.length, 3);
    },
  );

  await t.step(
    "who is in already stays as she is, and takes no number",
    async () => {
      const chatId = await groupOf(ann, bob);
      accepted(await setRole(ann, chatId, bob, "admin"));
      const { rev } = accepted(await read(ann, chatId));
      const again = accepted(await add(ann, chatId, bob.userId, bob.userId));
      assert.deepEqual(again.items.map(({ userId, role }) => [userId, role]), [
        [bob.userId, "admin"],
      ]);
      assert.equal(accepted(await read(ann, chatId)).rev, rev);

      const mixed = accepted(await add(bob, chatId, bob.userId, cleo.userId));
      assert.deepEqual(mixed.items.map(({ role }) => role), [
        "admin",
        "member",
      ]);
      const chat = accepted(await read(ann, chatId));
      assert.deepEqual([chat.memberCount, chat.rev], [3, rev + 2]);
    },
  );

  await t.step(
    "who left comes back as a member, with a new beginning",
    async () => {
      const chatId = await groupOf(ann, bob);
      accepted(await setRole(ann, chatId, bob, "admin"));
      accepted(await leave(bob, chatId));
      accepted(await ann.call("POST", `/chats/${chatId}/messages`, text));
      accepted(await add(ann, chatId, bob.userId));
      const chat = accepted(await read(bob, chatId));
      assert.deepEqual(chat.me, {
        ...noPreferences,
        draft: null,
        role: "member",
        rights: [],
        readSeq: 3,
        deliveredSeq: 3,
        unread: 1,
      });
      assert.equal(chat.memberCount, 2);
    },
  );

  await t.step("somebody who is not there adds nobody", async () => {
    const chatId = await groupOf(ann);
    refused(
      await add(ann, chatId, bob.userId, crypto.randomUUID()),
      "not_found",
    );
    refused(await read(bob, chatId), "not_found");
  });

  for (
    const [what, body] of [
      ["nobody", { userIds: [] }],
      ["too many at once", { userIds: Array(257).fill(bob.userId) }],
      ["what is no id", { userIds: ["bob"] }],
      ["an unknown field", { userIds: [bob.userId], role: "admin" }],
    ] as const
  ) {
    await t.step(`adding ${what} is refused`, async () => {
      const chatId = await groupOf(ann);
      refused(
        await ann.call("POST", `/chats/${chatId}/members`, body),
        "invalid_input",
      );
    });
  }

  await t.step(
    "a full group takes nobody, and one place is one place",
    async () => {
      const chatId = await groupOf(ann);
      const pretend = (members: number) =>
        service.db.database.run(
          sql`update chats set member_count = ${members}
            where chat_id = ${chatId}::uuid`,
        );
      await pretend(limits.groupMembers - 1);
      refused(await add(ann, chatId, bob.userId, cleo.userId), "conflict");
      const answers = await Promise.all(
        [bob, cleo, dan].map(({ userId }) => add(ann, chatId, userId)),
      );
      assert.deepEqual(answers.map(({ status }) => status).sort(), [
        200,
        409,
        409,
      ]);
      const chat = accepted(await read(ann, chatId));
      assert.equal(chat.memberCount, limits.groupMembers);
      const [came] = [bob, cleo, dan].filter((_, i) =>
        answers[i]!.status === 200
      );
      accepted(await add(ann, chatId, came!.userId));

      accepted(
        await ann.call("DELETE", `/chats/${chatId}/members/${came!.userId}`),
      );
      accepted(await add(ann, chatId, came!.userId));
    },
  );

  await t.step(
    "are listed in the order of their coming, page by page",
    async () => {
      const chatId = await groupOf(ann);
      const others = await crowd(service.db.database, 7);
      for (const userId of others.slice(0, 4)) {
        accepted(
          await add(ann, chatId, userId),
        );
      }
      accepted(await add(ann, chatId, ...others.slice(4)));
      accepted(
        await ann.call("DELETE", `/chats/${chatId}/members/${others[1]}`),
      );
      const present = [ann.userId, ...others.filter((_, i) => i !== 1)];
      for (const limit of [1, 2, 3, 7, 100]) {
        const seen: UserId[] = [];
        let cursor: string | null = "";
        while (cursor !== null) {
          const query: string = cursor &&
            `&cursor=${encodeURIComponent(cursor)}`;
          const page: { items: Member[]; nextCursor: string | null } = accepted(
            await ann.call(
              "GET",
              `/chats/${chatId}/members?limit=${limit}${query}`,
            ),
          );
          assert.ok(page.items.length <= limit);
          seen.push(...page.items.map(({ userId }) => userId));
          cursor = page.nextCursor;
        }
        assert.deepEqual(
          [...seen].sort(),
          [...present].sort(),
          `limit ${limit}`,
        );
        assert.deepEqual(seen.slice(0, 4), present.slice(0, 4));
      }
    },
  );

  await t.step("a cursor that no list gave is refused", async () => {
    const chatId = await groupOf(ann);
    const moment = new Date().toISOString();
    for (
      const cursor of [
        "x",
        "1 2",
        ` ${ann.userId}`,
        `yesterday ${ann.userId}`,
        `1 ${ann.userId}`,
        `2020 ${ann.userId}`,
        `+012345-01-01T00:00:00.000Z ${ann.userId}`,
        `0000-01-01T00:00:00.000Z ${ann.userId}`,
        `${moment} me`,
        `${moment}\0 ${ann.userId}`,
      ]
    ) {
      const path = `/chats/${chatId}/members?cursor=${
        encodeURIComponent(cursor)
      }`;
      const answer = await ann.call("GET", path);
      assert.equal(answer.status, 400, cursor);
    }
    refused(
      await ann.call("GET", `/chats/${chatId}/members?limit=0`),
      "invalid_input",
    );
    refused(
      await ann.call("GET", `/chats/${chatId}/members?limit=101`),
      "invalid_input",
    );
  });

  await t.step("who is removed is out, and is not removed twice", async () => {
    const chatId = await groupOf(ann, bob);
    const path = `/chats/${chatId}/members/${bob.userId}`;
    accepted(await ann.call("DELETE", path));
    refused(await read(bob, chatId), "not_found");
    refused(await ann.call("DELETE", path), "not_found");
    refused(
      await ann.call("DELETE", `/chats/${chatId}/members/${cleo.userId}`),
      "not_found",
    );
    assert.equal(accepted(await read(ann, chatId)).memberCount, 1);
  });

  await t.step("one's own id is oneself", async () => {
    const chatId = await groupOf(ann, bob);
    accepted(
      await bob.call("DELETE", `/chats/${chatId}/members/${bob.userId}`),
    );
    refused(await read(bob, chatId), "not_found");
  });

  await t.step("an owner hands over, and is an admin then", async () => {
    const chatId = await groupOf(ann, bob);
    const member = fits(
      Member,
      accepted(await setRole(ann, chatId, bob, "owner")),
    );
    assert.equal(member.role, "owner");
    assert.deepEqual(await rolesOf(ann, chatId), {
      [ann.userId]: "admin",
      [bob.userId]: "owner",
    });
    refused(await setRole(ann, chatId, bob, "member"), "forbidden");
    accepted(await setRole(bob, chatId, ann, "member"));
  });

  await t.step(
    "an owner is made once, also by two wishes at once",
    async () => {
      const chatId = await groupOf(ann, bob, cleo);
      const answers = await Promise.all([
        setRole(ann, chatId, bob, "owner"),
        setRole(ann, chatId, cleo, "owner"),
      ]);
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 403]);
      const roles = Object.values(await rolesOf(ann, chatId));
      assert.equal(roles.filter((role) => role === "owner").length, 1);
    },
  );

  await t.step("an owner does not step down", async () => {
    const chatId = await groupOf(ann, bob);
    refused(await setRole(ann, chatId, ann, "admin"), "forbidden");
    const { rev } = accepted(await read(ann, chatId));
    accepted(await setRole(ann, chatId, ann, "owner"));
    accepted(await setRole(ann, chatId, bob, "member"));
    assert.equal(accepted(await read(ann, chatId)).rev, rev, "nothing changed");
  });

  await t.step("a role is given to those who are in", async () => {
    const chatId = await groupOf(ann);
    refused(await setRole(ann, chatId, bob, "admin"), "not_found");
    const path = `/chats/${chatId}/members/${ann.userId}`;
    refused(await ann.call("PATCH", path, { role: "king" }), "invalid_input");
    refused(await ann.call("PATCH", path, {}), "invalid_input");
  });
  assert.deepEqual(service.complaints, []);
});

Deno.test("members: a leaving owner's heir", async (t) => {
  await using service = await testApp();
  const [ann, bob, cleo, dan] = await people(service, 4) as [
    Person,
    Person,
    Person,
    Person,
  ];
  /** A group into which they came one after the other, each in a millisecond of her own. */
  async function grown(...others: Person[]): Promise<ChatId> {
    const chatId = await groupOf(ann);
    for (const [i, { userId }] of others.entries()) {
      accepted(await add(ann, chatId, userId));
      await service.db.database.run(sql`update members
        set joined_at = joined_at + ${i} * interval '1 second'
        where chat_id = ${chatId}::uuid and user_id = ${userId}::uuid`);
    }
    return chatId;
  }
  const ownerOf = async (by: Person, chatId: ChatId) =>
    (await membersOf(by, chatId)).find(({ role }) => role === "owner")?.userId;

  await t.step("is the longest-standing admin", async () => {
    const chatId = await grown(bob, cleo, dan);
    accepted(await setRole(ann, chatId, dan, "admin"));
    accepted(await setRole(ann, chatId, cleo, "admin"));
    accepted(await leave(ann, chatId));
    assert.equal(await ownerOf(bob, chatId), cleo.userId);
  });

  await t.step("else the longest-standing member", async () => {
    const chatId = await grown(dan, bob, cleo);
    accepted(await leave(ann, chatId));
    assert.equal(await ownerOf(bob, chatId), dan.userId);
    accepted(await leave(dan, chatId));
    assert.equal(await ownerOf(bob, chatId), bob.userId);
  });

  await t.step("standing counts from the last coming", async () => {
    const chatId = await grown(bob, cleo);
    accepted(await leave(bob, chatId));
    accepted(await add(ann, chatId, bob.userId));
    await service.db.database.run(sql`update members
      set joined_at = joined_at + interval '1 minute'
      where chat_id = ${chatId}::uuid and user_id = ${bob.userId}::uuid`);
    accepted(await leave(ann, chatId));
    assert.equal(await ownerOf(bob, chatId), cleo.userId);
  });

  await t.step("is found however many came before, or have gone", async () => {
    const { database: db } = service.db;
    const chatId = await groupOf(ann);
    const early = await crowd(db, 40);
    accepted(await add(ann, chatId, ...early));
    await db.run(
      sql`update members set left_at = now()
        where chat_id = ${chatId}::uuid and user_id = any(${
        early.slice(0, 20)
      }::uuid[])`,
      sql`update members set joined_at = joined_at + interval '1 second'
        where chat_id = ${chatId}::uuid and user_id = any(${
        early.slice(20)
      }::uuid[])`,
    );
    accepted(await add(ann, chatId, bob.userId));
    await db.run(
      sql`update members set joined_at = joined_at + interval '1 minute'
      where chat_id = ${chatId}::uuid and user_id = ${bob.userId}::uuid`,
    );
    accepted(await setRole(ann, chatId, bob, "admin"));
    accepted(await leave(ann, chatId));
    assert.equal(await ownerOf(bob, chatId), bob.userId);
    accepted(await leave(bob, chatId));
    const [owners] = await db.run(
      sql<{ userId: UserId }>`select user_id from members
        where chat_id = ${chatId}::uuid and role = 'owner' and left_at is null`,
    );
    assert.equal(owners.length, 1);
    assert.ok(early.slice(20).includes(owners[0]!.userId));
  });

  await t.step("is heard of, before the leaving", async () => {
    const chatId = await grown(bob);
    await using line = await bob.connect();
    accepted(await leave(ann, chatId));
    const updated = await line.heard(
      "member.updated",
      (event) => event.chatId === chatId,
    );
    const left = await line.heard(
      "member.left",
      (event) => event.chatId === chatId,
    );
    assert.deepEqual(
      [updated.member.userId, updated.member.role, left.rev, left.memberCount],
      [bob.userId, "owner", updated.rev + 2, 1],
    );
    assert.deepEqual([left.member.userId, left.member.role], [
      ann.userId,
      "member",
    ]);
    assert.notEqual(left.member.leftAt, null);
  });

  await t.step("is there however many leave at once", async () => {
    const chatId = await grown(bob, cleo, dan);
    const answers = await Promise.all(
      [ann, bob, cleo].map((each) => leave(each, chatId)),
    );
    // One that found nobody in line any more is told to try again.
    for (const [i, { status }] of answers.entries()) {
      if (status === 503) accepted(await leave([ann, bob, cleo][i]!, chatId));
    }
    assert.deepEqual(await rolesOf(dan, chatId), { [dan.userId]: "owner" });
  });

  await t.step(
    "is who is an admin at the moment of leaving, not before",
    async () => {
      const chatId = await grown(bob, cleo);
      const { database: db } = service.db;
      const changes = createChanges({
        db,
        announce: () => {},
        now: () => new Date(),
      });
      const parts = {
        newId: crypto.randomUUID,
        newDataKey: () => Promise.reject(),
        narrate: silent,
        reached: unlimited,
      };
      const slow = createChats({
        ...parts,
        // Between finding the heirs and leaving, cleo becomes an admin.
        db: {
          ...db,
          async run(...statements) {
            const rows = await db.run(...statements);
            accepted(await setRole(ann, chatId, cleo, "admin"));
            return rows;
          },
        },
        changes,
      });
      await slow.removeMember(chatId, ann.userId, ann.userId);
      assert.equal(await ownerOf(bob, chatId), cleo.userId);
    },
  );

  await t.step("may be the owner of before, now an admin", async () => {
    const chatId = await grown(bob, cleo);
    const { database: db } = service.db;
    const slow = createChats({
      newId: crypto.randomUUID,
      newDataKey: () => Promise.reject(),
      narrate: silent,
      reached: unlimited,
      // Between finding the heirs and leaving, bob is handed the group.
      db: {
        ...db,
        async run(...statements) {
          const rows = await db.run(...statements);
          accepted(await setRole(ann, chatId, bob, "owner"));
          return rows;
        },
      },
      changes: createChanges({ db, announce: () => {}, now: () => new Date() }),
    });
    await slow.removeMember(chatId, bob.userId, bob.userId);
    assert.equal(await ownerOf(cleo, chatId), ann.userId);
  });

  await t.step("is not who has only just come back", async () => {
    const chatId = await groupOf(ann, bob, cleo);
    // Both came at the same moment: the lower id is in front.
    const [first, second] = bob.userId < cleo.userId
      ? [bob, cleo]
      : [cleo, bob];
    const { database: db } = service.db;
    const slow = createChats({
      newId: crypto.randomUUID,
      newDataKey: () => Promise.reject(),
      narrate: silent,
      reached: unlimited,
      // Between finding the heirs and leaving, the first goes and comes again.
      db: {
        ...db,
        async run(...statements) {
          const rows = await db.run(...statements);
          accepted(await leave(first, chatId));
          accepted(await add(ann, chatId, first.userId));
          return rows;
        },
      },
      changes: createChanges({ db, announce: () => {}, now: () => new Date() }),
    });
    await slow.removeMember(chatId, ann.userId, ann.userId);
    assert.equal(await ownerOf(bob, chatId), second.userId);
  });

  await t.step("is not needed by the last one: the group ends", async () => {
    const chatId = await grown(bob);
    accepted(await leave(ann, chatId));
    accepted(await leave(bob, chatId));
    for (const each of [ann, bob]) {
      refused(await read(each, chatId), "not_found");
    }
    const [[chat], keys] = await service.db.database.run(
      sql<{ deletedAt: Date | null; memberCount: number }>`
        select deleted_at, member_count from chats where chat_id = ${chatId}::uuid`,
      sql<
        { one: number }
      >`select 1 as one from chat_keys where chat_id = ${chatId}::uuid`,
    );
    assert.notEqual(chat!.deletedAt, null);
    assert.equal(chat!.memberCount, 0);
    assert.deepEqual(keys, []);
    refused(await add(ann, chatId, bob.userId), "not_found");
  });
  assert.deepEqual(service.complaints, []);
});
