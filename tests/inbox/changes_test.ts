import assert from "node:assert/strict";
import type { ChatId } from "../../src/protocol/ids.ts";
import type { Message } from "../../src/protocol/messages.ts";
import { Changes, type ChatItem } from "../../src/protocol/sync.ts";
import { accepted, refused } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import { fits } from "../support/fits.ts";
import { groupOf, newPerson, type Person } from "../support/peer.ts";
import { at, history, said, send, sendAll } from "../messages/talk.ts";

const changes = async (
  by: Person,
  chatId: ChatId,
  since: number,
  limit?: number,
): Promise<Changes> =>
  fits(
    Changes,
    accepted(
      await by.call(
        "GET",
        `/chats/${chatId}/changes?since=${since}${
          limit ? `&limit=${limit}` : ""
        }`,
      ),
    ),
  );

/** All pages from `since` on. */
async function walk(by: Person, chatId: ChatId, since: number, limit: number) {
  const pages: Changes[] = [];
  for (let at = since, more = true; more;) {
    const page = await changes(by, chatId, at, limit);
    assert.equal(page.from, at);
    assert.ok(page.to > at || !page.hasMore);
    pages.push(page);
    [at, more] = [page.to, page.hasMore];
  }
  return pages;
}

Deno.test("changes", async (t) => {
  await using service = await testApp();
  const [ann, bob, cleo] = await Promise.all(
    ["a", "b", "c"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person, Person];
  const chatId = await groupOf(ann, bob, cleo);
  const sent = await sendAll(ann, chatId, "1", "2", "3", "4", "5");
  const thumb = `/reactions/${encodeURIComponent("👍")}`;
  accepted(await bob.call("PUT", at(sent[0]!, thumb)));
  accepted(await ann.call("PATCH", at(sent[1]!), { content: said("Two") }));
  accepted(await ann.call("DELETE", at(sent[2]!)));
  accepted(await cleo.call("DELETE", `/chats/${chatId}/members/me`));
  accepted(await ann.call("PATCH", `/chats/${chatId}`, { title: "Renamed" }));
  accepted(
    await ann.call("PATCH", `/chats/${chatId}/members/${bob.userId}`, {
      role: "admin",
    }),
  );
  await send(bob, chatId, "6");
  accepted(await bob.call("DELETE", at(sent[4]!, "?for=me")));
  const { rev } = accepted(await ann.call<ChatItem>("GET", `/chats/${chatId}`));

  await t.step("from zero are the whole present state", async () => {
    const page = await changes(ann, chatId, 0);
    assert.deepEqual([page.from, page.to, page.hasMore], [0, rev, false]);
    assert.equal(page.chat?.title, "Renamed");
    assert.deepEqual(
      page.messages.toSorted((a, b) => a.seq - b.seq),
      (await history(ann, chatId)).items,
    );
    assert.deepEqual(
      page.messages.map((each) => each.rev),
      [
        ...page.messages.map((each) => each.rev),
      ].sort((a, b) => a - b),
      "oldest change first",
    );
    assert.deepEqual(
      page.members.map((
        { userId, role, leftAt },
      ) => [userId, role, leftAt !== null])
        .sort(),
      [
        [ann.userId, "owner", false],
        [bob.userId, "admin", false],
        [cleo.userId, "member", true],
      ].sort(),
    );
    assert.deepEqual(
      page.receipts.map(({ userId, readSeq }) => [userId, readSeq]).sort(),
      [[ann.userId, 8], [bob.userId, 9]].sort(),
    );
    assert.match(page.epoch, /^[0-9a-f]{32}$/);
  });

  await t.step(
    "after a rev are what has changed since, and no more",
    async () => {
      const reacted = sent[4]!.rev + 1;
      const page = await changes(ann, chatId, reacted);
      assert.deepEqual(page.messages.map(({ seq }) => seq), [
        3,
        4,
        7,
        8,
        9,
      ]);
      assert.deepEqual(page.members.map(({ userId }) => userId), [
        cleo.userId,
        bob.userId,
      ]);
      assert.notEqual(page.chat, null);
      const later = await changes(ann, chatId, rev - 1);
      assert.deepEqual(
        [later.chat, later.members, later.messages.map(({ seq }) => seq)],
        [null, [], [9]],
      );
    },
  );

  await t.step("at the end are nothing but the receipts", async () => {
    const page = await changes(ann, chatId, rev);
    assert.deepEqual(
      [
        page.from,
        page.to,
        page.hasMore,
        page.chat,
        page.members,
        page.messages,
      ],
      [rev, rev, false, null, [], []],
    );
    assert.equal(page.receipts.length, 2);
  });

  await t.step("of whatever page size lead to the same state", async () => {
    const whole = await changes(ann, chatId, 0);
    for (const limit of [1, 2, 3, 100]) {
      const pages = await walk(ann, chatId, 0, limit);
      assert.deepEqual(
        pages.flatMap(({ messages }) => messages),
        whole.messages,
      );
      assert.deepEqual(pages.flatMap(({ members }) => members), whole.members);
      assert.deepEqual(pages.flatMap(({ chat }) => chat ?? []), [whole.chat]);
      assert.equal(pages.at(-1)!.to, rev);
    }
  });

  await t.step(
    "do not show what the reader has hidden, nor stop at it",
    async () => {
      const pages = await walk(bob, chatId, 0, 1);
      const seqs = pages.flatMap(({ messages }) =>
        messages.map(({ seq }) => seq)
      );
      assert.deepEqual(seqs.sort(), [1, 2, 3, 4, 5, 7, 8, 9]);
      assert.equal(pages.at(-1)!.to, rev);
      const mine = pages.flatMap(({ messages }) => messages).find(({ seq }) =>
        seq === 2
      );
      assert.deepEqual(mine!.reactions, [{
        emoji: "👍",
        count: 1,
        mine: true,
      }]);
    },
  );

  await t.step("are the same over the socket", async () => {
    await using line = await ann.connect();
    for (const [since, limit] of [[0, 100], [3, 2], [rev, 1]] as const) {
      const reply = await line.ask({ type: "changes", chatId, since, limit });
      assert.ok(reply.ok);
      assert.deepEqual(reply.data, await changes(ann, chatId, since, limit));
    }
    const reply = await line.ask({
      type: "changes",
      chatId: crypto.randomUUID(),
      since: 0,
    });
    assert.ok(!reply.ok && reply.error.code === "not_found");
  });

  await t.step("follow the live events without a gap", async () => {
    const chatId = await groupOf(ann, bob);
    await using line = await bob.connect();
    const known = line.welcome.chats.find((chat) => chat.chatId === chatId)!;
    await sendAll(ann, chatId, "1", "2");
    accepted(await ann.call("PATCH", `/chats/${chatId}`, { title: "New" }));
    const { rev } = await line.heard(
      "chat.updated",
      (event) => event.chatId === chatId,
    );
    await line.heard("message.created", (event) => event.rev === rev + 1);
    assert.equal(rev, known.rev + 3);
    const page = await changes(bob, chatId, known.rev);
    assert.equal(page.to, rev + 1);
    const live = line.events.flatMap((event) =>
      event.type === "message.created" ? [event.message.seq] : []
    );
    assert.deepEqual(
      page.messages.map((message: Message) => message.seq),
      live,
    );
  });

  await t.step("are not for those outside", async () => {
    const path = `/chats/${chatId}/changes?since=0`;
    refused(await cleo.call("GET", path), "not_found");
    const page = await changes(bob, chatId, 0);
    assert.ok(page.members.some(({ userId }) => userId === cleo.userId));
  });

  await t.step("want a rev", async () => {
    for (
      const query of [
        "",
        "?since=-1",
        "?since=x",
        "?since=1.5",
        `?since=${2 ** 53}`,
        "?since=0&limit=0",
        "?since=0&limit=101",
      ]
    ) {
      refused(
        await ann.call("GET", `/chats/${chatId}/changes${query}`),
        "invalid_input",
      );
    }
    const { to, hasMore } = await changes(ann, chatId, Number.MAX_SAFE_INTEGER);
    assert.deepEqual([to, hasMore], [rev, false]);
  });
  assert.deepEqual(service.complaints, []);
});
