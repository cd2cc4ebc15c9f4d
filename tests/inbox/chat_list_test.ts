import assert from "node:assert/strict";
import { createInbox } from "../../src/inbox/mod.ts";
import type { ChatId } from "../../src/protocol/ids.ts";
import type { List } from "../../src/protocol/page.ts";
import { defaultPermissions } from "../../src/protocol/groups.ts";
import { ChatItem } from "../../src/protocol/sync.ts";
import { accepted, refused } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import { noPreferences } from "../../src/protocol/preferences.ts";
import { fits } from "../support/fits.ts";
import {
  directChat,
  groupOf,
  newPerson,
  type Person,
} from "../support/peer.ts";
import { at, said, send } from "../messages/talk.ts";

const list = async (by: Person, query = ""): Promise<List<ChatItem>> => {
  const page = accepted(await by.call<List<ChatItem>>("GET", `/chats${query}`));
  page.items.forEach((item) => fits(ChatItem, item));
  return page;
};
const idsOf = ({ items }: List<ChatItem>) => items.map(({ chatId }) => chatId);

Deno.test("chat list", async (t) => {
  await using service = await testApp();
  const [ann, bob, cleo] = await Promise.all(
    ["a", "b", "c"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person, Person];

  await t.step("is empty at first", async () => {
    assert.deepEqual(await list(ann), { items: [], nextCursor: null });
  });

  const direct = await directChat(ann, bob);
  const group = await groupOf(bob, ann, cleo);
  const own = await groupOf(ann);

  await t.step("has the latest activity first", async () => {
    assert.deepEqual(idsOf(await list(ann)), [own, group, direct]);
    await send(bob, direct);
    assert.deepEqual(idsOf(await list(ann)), [direct, own, group]);
    await send(cleo, group);
    assert.deepEqual(idsOf(await list(ann)), [group, direct, own]);
    assert.deepEqual(idsOf(await list(bob)), [group, direct]);
    assert.deepEqual(idsOf(await list(cleo)), [group]);
  });

  await t.step(
    "shows each chat as it is, and one's own place in it",
    async () => {
      const message = await send(bob, group, "Latest");
      accepted(
        await cleo.call(
          "PUT",
          at(message, `/reactions/${encodeURIComponent("👍")}`),
        ),
      );
      const [item] = (await list(cleo)).items;
      assert.deepEqual(item, {
        chatId: group,
        kind: "group",
        title: "A group",
        about: "",
        channel: null,
        createdBy: bob.userId,
        createdAt: item!.createdAt,
        memberCount: 3,
        rev: 7,
        lastSeq: 3,
        lastMessage: {
          ...message,
          rev: 7,
          content: said("Latest"),
          reactions: [{ emoji: "👍", count: 1, mine: true }],
        },
        group: {
          permissions: defaultPermissions,
          slowModeSeconds: 0,
          historyForNewcomers: "all",
        },
        peer: null,
        me: {
          ...noPreferences,
          draft: null,
          role: "member",
          rights: [],
          readSeq: 2,
          deliveredSeq: 2,
          unread: 1,
        },
      });
      assert.deepEqual(
        accepted(await cleo.call<ChatItem>("GET", `/chats/${group}`)),
        item,
      );
      assert.equal(
        (await list(ann)).items[0]!.lastMessage!.reactions[0]!.mine,
        false,
      );
    },
  );

  await t.step("shows the other of a direct chat as she is now", async () => {
    accepted(
      await bob.call("PATCH", "/me", { displayName: "Bobby", about: "Hi" }),
    );
    const items = (await list(ann)).items.filter(({ kind }) =>
      kind === "direct"
    );
    assert.deepEqual(items.map(({ peer, title }) => [peer, title]), [[{
      userId: bob.userId,
      username: bob.username,
      displayName: "Bobby",
      about: "Hi",
    }, null]]);
  });

  await t.step(
    "shows the last message that the reader still sees",
    async () => {
      const chatId = await groupOf(ann, bob);
      const [first, second] = [
        await send(ann, chatId, "1"),
        await send(ann, chatId, "2"),
      ];
      accepted(await bob.call("DELETE", at(second, "?for=me")));
      assert.equal(
        (await list(bob)).items[0]!.lastMessage!.messageId,
        first.messageId,
      );
      assert.equal(
        (await list(ann)).items[0]!.lastMessage!.messageId,
        second.messageId,
      );
      accepted(await bob.call("DELETE", at(first, "?for=me")));
      const made = (await list(bob)).items[0]!.lastMessage!;
      assert.equal(made.seq, 1);
      accepted(await bob.call("DELETE", at(made, "?for=me")));
      assert.equal((await list(bob)).items[0]!.lastMessage, null);
      accepted(await ann.call("DELETE", at(second)));
      assert.equal((await list(ann)).items[0]!.lastMessage!.content, null);
      accepted(await ann.call("DELETE", `/chats/${chatId}`));
    },
  );

  await t.step("has no chat that was left", async () => {
    const chatId = await groupOf(ann, cleo);
    assert.ok(idsOf(await list(cleo)).includes(chatId));
    accepted(await cleo.call("DELETE", `/chats/${chatId}/members/me`));
    assert.ok(!idsOf(await list(cleo)).includes(chatId));
    accepted(
      await ann.call("POST", `/chats/${chatId}/members`, {
        userIds: [cleo.userId],
      }),
    );
    assert.ok(idsOf(await list(cleo)).includes(chatId));
  });

  await t.step(
    "is of one moment, also while the reader is removed",
    async () => {
      const { database: db } = service.db;
      const dan = await newPerson(service.url);
      const chatId = await groupOf(bob, dan);
      const { seq } = await send(bob, chatId, "For dan");
      let removal: Promise<unknown> | undefined;
      const removed = <Rows>(rows: Rows) =>
        (removal ??= remove()).then(() => rows);
      async function remove() {
        accepted(
          await bob.call("DELETE", `/chats/${chatId}/members/${dan.userId}`),
        );
        await send(bob, chatId, "Not for dan");
      }
      const inbox = createInbox({
        turns: (_key, work) => work(),
        // It happens after the first answer of the database.
        db: {
          ...db,
          run: async (...asked) => removed(await db.run(...asked)),
          snapshot: async (...asked) => removed(await db.snapshot(...asked)),
        },
        open: (rows) =>
          Promise.resolve(
            rows.map((row) => ({ ...row, content: null, forwardedFrom: null })),
          ),
        openDraft: () => Promise.resolve(null),
      });
      const { items } = await inbox.listChats(dan.userId, { limit: 10 });
      assert.deepEqual(
        items.map(({ lastSeq, lastMessage }) => [lastSeq, lastMessage?.seq]),
        [[seq, seq]],
      );
      await assert.rejects(inbox.readChat(chatId, dan.userId), {
        code: "not_found",
      });
    },
  );

  await t.step("comes in pages, each chat once", async () => {
    const dan = await newPerson(service.url);
    const chats: ChatId[] = [];
    for (let i = 0; i < 7; i++) chats.unshift(await groupOf(dan));
    for (const limit of [1, 2, 3, 7, 8]) {
      const found: ChatId[] = [];
      let cursor: string | null = "";
      while (cursor !== null) {
        const page: List<ChatItem> = await list(
          dan,
          `?limit=${limit}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
        );
        assert.ok(page.items.length > 0 && page.items.length <= limit);
        found.push(...idsOf(page));
        cursor = page.nextCursor;
      }
      assert.deepEqual(found, chats, `limit ${limit}`);
    }
  });

  await t.step("takes no cursor but its own", async () => {
    const moment = new Date().toISOString();
    for (
      const cursor of [
        "x",
        `1 ${own}`,
        `2020 ${own}`,
        `0000-01-01T00:00:00.000Z ${own}`,
        `-271821-04-20T00:00:00.000Z ${own}`,
        `${moment} x`,
        `${moment} ${own} ${own}`,
        "x".repeat(513),
      ]
    ) {
      refused(
        await ann.call("GET", `/chats?cursor=${encodeURIComponent(cursor)}`),
        "invalid_input",
      );
    }
    for (const query of ["?limit=0", "?limit=101", "?limit=1.5", "?cursor="]) {
      refused(await ann.call("GET", `/chats${query}`), "invalid_input");
    }
  });
  assert.deepEqual(service.complaints, []);
});
