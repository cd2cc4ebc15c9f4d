import assert from "node:assert/strict";
import type { ChatId } from "../../src/protocol/ids.ts";
import type { List } from "../../src/protocol/page.ts";
import type { Message } from "../../src/protocol/messages.ts";
import type { Changes, ChatItem } from "../../src/protocol/sync.ts";
import { at, history, said, send, sendAll } from "../messages/talk.ts";
import { accepted, refused } from "../support/answers.ts";
import { anotherIsolate, type TestApp, testApp } from "../support/app.ts";
import { Follower } from "../support/follower.ts";
import { freshRead } from "../support/fresh_read.ts";
import { groupOf, newPerson, type Person, personOf } from "../support/peer.ts";

const secret = "Said before she came";

/** A group that shows newcomers nothing of before, in which much was said. */
async function closedGroup(ann: Person, bob: Person) {
  const chatId = await groupOf(ann, bob);
  accepted(
    await ann.call("PATCH", `/chats/${chatId}`, {
      historyForNewcomers: "sinceJoining",
    }),
  );
  const old = await sendAll(ann, chatId, secret, `${secret} 2`, `${secret} 3`);
  return { chatId, old };
}

const add = async (by: Person, chatId: ChatId, person: Person) =>
  accepted(
    await by.call("POST", `/chats/${chatId}/members`, {
      userIds: [person.userId],
    }),
  );

async function people({ url }: TestApp) {
  return await Promise.all(
    ["a", "b", "c"].map((name) => newPerson(url, name)),
  ) as [Person, Person, Person];
}

Deno.test("newcomers read nothing of what was said before they came", async (t) => {
  await using service = await testApp();
  const [ann, bob, cleo] = await people(service);
  const { chatId, old } = await closedGroup(ann, bob);
  await add(ann, chatId, cleo);
  const fresh = await send(ann, chatId, "Welcome", {
    replyTo: old[0]!.messageId,
  });

  await t.step("in no read", async () => {
    const { items, hasBefore } = await history(cleo, chatId);
    assert.deepEqual(items.map(({ seq }) => seq), [fresh.seq - 1, fresh.seq]);
    assert.equal(hasBefore, false);
    for (const query of ["?before=3", "?around=2", "?after=0"]) {
      const page = await history(cleo, chatId, query);
      assert.doesNotMatch(JSON.stringify(page), new RegExp(secret));
    }
    const picture = await freshRead(cleo, chatId);
    assert.deepEqual([...picture.messages.keys()], [fresh.seq - 1, fresh.seq]);
    for (const path of ["", "/replies", "/status", "/edits"]) {
      refused(await cleo.call("GET", at(old[0]!, path)), "not_found");
    }
    const item = accepted(
      await cleo.call<ChatItem>("GET", `/chats/${chatId}`),
    );
    assert.equal(item.lastMessage?.seq, fresh.seq);
    // What a reply answers is named, and no more.
    assert.deepEqual(item.lastMessage?.replyTo, {
      seq: old[0]!.seq,
      messageId: old[0]!.messageId,
    });
    const thread = accepted(
      await bob.call<List<Message>>("GET", at(old[0]!, "/replies")),
    );
    assert.equal(thread.items.length, 1, "those who were there read all");
  });

  await t.step("and do nothing to it", async () => {
    const { messageId } = old[0]!;
    accepted(
      await ann.call("PATCH", `/chats/${chatId}/members/${cleo.userId}`, {
        role: "admin",
      }),
    );
    for (
      const [method, path, body] of [
        ["PUT", at(old[0]!, "/reactions/%F0%9F%91%8D")],
        ["PUT", at(old[0]!, "/pin")],
        ["DELETE", at(old[0]!)],
        ["DELETE", at(old[0]!, "?for=me")],
        ["PATCH", at(old[0]!), { content: said("Mine") }],
        ["POST", `/chats/${chatId}/messages`, {
          content: said("An answer"),
          replyTo: messageId,
        }],
      ] as const
    ) refused(await cleo.call(method, path, body), "not_found");
  });

  await t.step("nor of those who had left by then", async () => {
    const dan = await newPerson(service.url, "d");
    const eve = await newPerson(service.url, "e");
    await add(ann, chatId, dan);
    accepted(await dan.call("DELETE", `/chats/${chatId}/members/me`));
    await add(ann, chatId, eve);
    const known = async (by: Person) =>
      accepted(
        await by.call<Changes>("GET", `/chats/${chatId}/changes?since=0`),
      ).members.map(({ userId }) => userId);
    assert.ok((await known(cleo)).includes(dan.userId), "who was there knows");
    assert.ok(!(await known(eve)).includes(dan.userId));
    accepted(await eve.call("DELETE", `/chats/${chatId}/members/me`));
    assert.ok((await known(cleo)).includes(eve.userId));
  });

  await t.step("also who was in it before", async () => {
    const own = await send(bob, chatId, "Bob's");
    accepted(await bob.call("DELETE", `/chats/${chatId}/members/me`));
    await add(ann, chatId, bob);
    refused(await bob.call("GET", at(own)), "not_found");
    refused(await bob.call("DELETE", at(own)), "not_found");
    const { items } = await history(bob, chatId);
    assert.equal(items.length, 1, "that he was added");
  });

  await t.step("as the group said when they came, not since", async () => {
    const set = async (historyForNewcomers: string) =>
      accepted(
        await ann.call("PATCH", `/chats/${chatId}`, { historyForNewcomers }),
      );
    await set("all");
    refused(await cleo.call("GET", at(old[0]!)), "not_found");
    accepted(await cleo.call("DELETE", `/chats/${chatId}/members/me`));
    await add(ann, chatId, cleo);
    await set("sinceJoining");
    accepted(await cleo.call("GET", at(old[0]!)));
  });
  assert.deepEqual(service.complaints, []);
});

Deno.test("newcomers hear nothing of what was said before they came", async (t) => {
  await using service = await testApp();
  await using elsewhere = await anotherIsolate(service, { SWEEP_MS: "100" });
  const [ann, bob, cleo] = await people(service);

  /** Everything that can happen to an old message. */
  async function stir(chatId: ChatId, [first, second, third]: Message[]) {
    accepted(await ann.call("PATCH", at(first!), { content: said(secret) }));
    accepted(await bob.call("PUT", at(second!, "/reactions/%F0%9F%91%8D")));
    accepted(await ann.call("PUT", at(second!, "/pin")));
    accepted(await ann.call("DELETE", at(third!)));
    await send(ann, chatId, "An answer", { replyTo: first!.messageId });
    const { rev } = accepted(
      await ann.call<ChatItem>("GET", `/chats/${chatId}`),
    );
    return rev;
  }

  for (
    const [what, url, isThere] of [
      ["a connection that was there when she came", service.url, true],
      ["one that came later", service.url, false],
      ["one that learns of it from the sweep", elsewhere.url, true],
    ] as const
  ) {
    await t.step(`on ${what}`, async () => {
      const { chatId, old } = await closedGroup(ann, bob);
      const follower = new Follower(personOf(url, cleo.session));
      if (isThere) await follower.connect();
      await add(ann, chatId, cleo);
      if (!isThere) await follower.connect();
      const { rev: came } = accepted(
        await ann.call<ChatItem>("GET", `/chats/${chatId}`),
      );
      await follower.caughtUp(chatId, came);
      const rev = await stir(chatId, old);
      await follower.caughtUp(chatId, rev);
      assert.deepEqual(
        await follower.confirm(chatId),
        await freshRead(cleo, chatId),
      );
      const heard = JSON.stringify(follower.heard);
      assert.doesNotMatch(heard, new RegExp(secret));
      if (url === service.url) {
        const advanced = follower.heard.filter(({ type }) =>
          type === "chat.advanced"
        );
        assert.equal(advanced.length, 4, "their revs alone");
        assert.equal(follower.gaps, 0);
      }
      await follower.disconnect();
    });
  }
  assert.deepEqual([...service.complaints, ...elsewhere.complaints], []);
});
