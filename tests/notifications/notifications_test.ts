import assert from "node:assert/strict";
import type { ChatId } from "../../src/protocol/ids.ts";
import type { List } from "../../src/protocol/page.ts";
import { Notification } from "../../src/protocol/notifications.ts";
import type { PreferencesPatch } from "../../src/protocol/preferences.ts";
import type { ChatItem } from "../../src/protocol/sync.ts";
import { accepted, refused } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import { fits } from "../support/fits.ts";
import {
  directChat,
  groupOf,
  newPerson,
  type Person,
} from "../support/peer.ts";
import { at, mention, send, sendAll } from "../messages/talk.ts";
import { countsOf } from "./recount.ts";

const list = async (by: Person, query = ""): Promise<List<Notification>> => {
  const page = accepted(
    await by.call<List<Notification>>("GET", `/notifications${query}`),
  );
  page.items.forEach((item) => fits(Notification, item));
  return page;
};
/** A group whose making everybody has read of. */
async function quietGroup(owner: Person, ...others: Person[]): Promise<ChatId> {
  const chatId = await groupOf(owner, ...others);
  for (const person of others) {
    accepted(await person.call("POST", `/chats/${chatId}/read`, { seq: 1 }));
  }
  return chatId;
}
const set = async (by: Person, chatId: ChatId, patch: PreferencesPatch) =>
  accepted(await by.call<ChatItem>("PATCH", `/chats/${chatId}/me`, patch));

Deno.test("notifications", async (t) => {
  await using service = await testApp();
  const [ann, bob, cleo] = await Promise.all(
    ["a", "b", "c"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person, Person];
  const nothing = { total: 0, chats: {}, contactRequests: 0, mentions: 0 };

  await t.step("of nobody who missed anything are none", async () => {
    assert.deepEqual(await countsOf(ann), nothing);
    assert.deepEqual(await list(ann), { items: [], nextCursor: null });
  });

  const direct = await directChat(ann, bob);
  const group = await quietGroup(bob, ann, cleo);

  await t.step("count messages, mentions and requests", async () => {
    await sendAll(bob, direct, "1", "2");
    await send(cleo, group, "3");
    const meant = await mention(bob, group, ann);
    const all = await mention(bob, group, "everyone");
    accepted(
      await cleo.call("POST", "/contacts/requests", { userId: ann.userId }),
    );
    assert.deepEqual(await countsOf(ann), {
      total: 6,
      chats: { [direct]: 2, [group]: 3 },
      contactRequests: 1,
      mentions: 2,
    });
    const { items } = await list(ann);
    assert.deepEqual(
      items.map((item) =>
        item.type === "mention"
          ? item.messageId
          : item.type === "chat"
          ? [item.chatId, item.count, item.mentions, item.markedUnread]
          : item.user.userId
      ).sort((a, b) => String(a) < String(b) ? -1 : 1),
      [
        meant.messageId,
        all.messageId,
        cleo.userId,
        [direct, 2, 0, false],
        [group, 3, 2, false],
      ].sort((a, b) => String(a) < String(b) ? -1 : 1),
    );
    const times = items.map((item) => item.at);
    assert.deepEqual(times, [...times].sort().reverse());
  });

  await t.step("come in pages, each once", async () => {
    const whole = (await list(ann)).items;
    for (const limit of [1, 2, 3, 5]) {
      const found: Notification[] = [];
      for (let cursor: string | null = ""; cursor !== null;) {
        const page: List<Notification> = await list(
          ann,
          `?limit=${limit}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
        );
        found.push(...page.items);
        cursor = page.nextCursor;
      }
      assert.deepEqual(found, whole, `by ${limit}`);
    }
    refused(await ann.call("GET", "/notifications?cursor=x"), "invalid_input");
  });

  await t.step("are not the sender's own, nor anybody else's", async () => {
    assert.deepEqual((await countsOf(bob)).chats, {});
    assert.deepEqual((await countsOf(cleo)).chats, { [group]: 2 });
    const stranger = await newPerson(service.url);
    assert.deepEqual(await countsOf(stranger), nothing);
  });

  await t.step("follow the level of the chat, and a mute", async () => {
    await set(ann, group, { notify: "mentions" });
    assert.deepEqual((await countsOf(ann)).chats, { [direct]: 2, [group]: 2 });
    await set(ann, group, { notify: "none" });
    const silent = await countsOf(ann);
    assert.deepEqual([silent.chats, silent.mentions], [{ [direct]: 2 }, 0]);
    assert.ok(!(await list(ann)).items.some(({ type }) => type === "mention"));
    await set(ann, group, {
      notify: "all",
      mutedUntil: new Date(Date.now() + 60_000).toISOString(),
    });
    assert.deepEqual((await countsOf(ann)).chats, { [direct]: 2 });
    await set(ann, group, {
      mutedUntil: new Date(Date.now() - 1).toISOString(),
    });
    assert.deepEqual((await countsOf(ann)).chats, { [direct]: 2, [group]: 3 });
    await set(ann, group, { archived: true });
    assert.equal((await countsOf(ann)).chats[group], 3);
  });

  await t.step("lose the mentions that are taken back", async () => {
    const chatId = await quietGroup(bob, ann);
    const [first, second] = [
      await mention(bob, chatId, ann),
      await mention(bob, chatId, ann),
    ];
    assert.equal((await countsOf(ann)).mentions, 4);
    accepted(await bob.call("DELETE", at(first)));
    assert.equal((await countsOf(ann)).mentions, 3);
    accepted(await ann.call("DELETE", at(second, "?for=me")));
    assert.equal((await countsOf(ann)).mentions, 2);
    accepted(await bob.call("DELETE", `/chats/${chatId}`));
  });

  await t.step("are put away on all devices, and read by nobody", async () => {
    await using line = await ann.connect();
    await using others = await bob.connect();
    accepted(await ann.call("POST", `/chats/${direct}/notifications/clear`));
    const event = await line.heard("notification.cleared");
    assert.deepEqual([event.chatId, event.seq], [direct, 2]);
    assert.deepEqual((await countsOf(ann)).chats, { [group]: 3 });
    const { me } = accepted(
      await ann.call<ChatItem>("GET", `/chats/${direct}`),
    );
    assert.deepEqual([me.unread, me.readSeq, me.notifiedSeq], [2, 0, 2]);
    await others.ask({ type: "ping" });
    assert.deepEqual(others.events, []);
    await send(bob, direct);
    assert.equal((await countsOf(ann)).chats[direct], 1);
    refused(
      await cleo.call("POST", `/chats/${direct}/notifications/clear`),
      "not_found",
    );
  });

  await t.step("count a chat that was marked unread as one", async () => {
    accepted(await ann.call("POST", `/chats/${direct}/read`, { seq: 3 }));
    assert.equal((await countsOf(ann)).chats[direct], undefined);
    await set(ann, direct, { markedUnread: true });
    assert.equal((await countsOf(ann)).chats[direct], 1);
    const marked = (await list(ann)).items.find((item) =>
      item.type === "chat" && item.chatId === direct
    );
    assert.ok(marked?.type === "chat" && marked.markedUnread);
    accepted(await ann.call("POST", `/chats/${direct}/notifications/clear`));
    assert.equal((await countsOf(ann)).chats[direct], undefined);
    const item = accepted(await ann.call<ChatItem>("GET", `/chats/${direct}`));
    assert.equal(item.me.markedUnread, false);
  });

  await t.step(
    "end with viewing, leaving and clearing the history",
    async () => {
      accepted(await ann.call("POST", "/contacts/requests/viewed"));
      assert.equal((await countsOf(ann)).contactRequests, 0);
      const chatId = await quietGroup(bob, ann);
      await send(bob, chatId);
      assert.equal((await countsOf(ann)).chats[chatId], 1);
      accepted(await ann.call("DELETE", `/chats/${chatId}/members/me`));
      assert.equal((await countsOf(ann)).chats[chatId], undefined);
      accepted(await ann.call("DELETE", `/chats/${group}/history`));
      assert.deepEqual(await countsOf(ann), nothing);
      assert.deepEqual((await list(ann)).items, []);
    },
  );
  assert.deepEqual(service.complaints, []);
});
