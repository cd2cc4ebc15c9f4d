/** Whatever changes of an account reaches all its devices, the one that changed it too. */
import assert from "node:assert/strict";
import type { Session } from "../../src/protocol/accounts.ts";
import { Event, type EventOf } from "../../src/protocol/events.ts";
import type { Message } from "../../src/protocol/messages.ts";
import { type ChatItem, Sync } from "../../src/protocol/sync.ts";
import { accepted } from "../support/answers.ts";
import { anotherIsolate, testApp } from "../support/app.ts";
import {
  call,
  directChat,
  groupOf,
  type Line,
  newPerson,
  password,
  type Person,
  personOf,
} from "../support/peer.ts";

type Type = Event["type"];

/** The events that count an account's changes, by the schema. */
const accountEvents = Event.options
  .filter(({ shape }) => "accountRev" in shape)
  .map(({ shape }) => shape.type.value);

/** Those that only tell a connection to look for itself. */
const hints: readonly Type[] = ["account.behind"];

/** What `by` does so that the account hears of it: one case for every event there is. */
const causes: Partial<
  Record<Type, (by: Person, friend: Person) => Promise<unknown>>
> = {
  "account.updated": (by) => by.call("PATCH", "/me", { about: "New" }),
  "device.updated": (by) =>
    by.call("PATCH", `/me/devices/${by.session.device.deviceId}`, {
      name: "Kitchen",
    }),
  "chat.created": (by) => groupOf(by),
  "chat.deleted": async (by, friend) => {
    const chatId = await groupOf(friend, by);
    return await by.call("DELETE", `/chats/${chatId}/members/me`);
  },
  "membership.updated": async (by, friend) => {
    const handle = `c${crypto.randomUUID().slice(0, 8)}`;
    const { chatId } = accepted(
      await friend.call<ChatItem>("POST", "/chats", {
        kind: "channel",
        title: "News",
        handle,
        visibility: "public",
      }),
    );
    accepted(await by.call("POST", `/chats/${chatId}/join`));
    return await friend.call(
      "PATCH",
      `/chats/${chatId}/members/${by.userId}`,
      { role: "admin" },
    );
  },
  "contact.updated": (by, { userId }) =>
    by.call("POST", "/contacts/requests", { userId }),
  "contact.viewed": async (by) => {
    const stranger = await newPerson(by.url);
    const { userId } = by;
    await stranger.call("POST", "/contacts/requests", { userId });
    return await by.call("POST", "/contacts/requests/viewed");
  },
  "message.hidden": async (by, friend) => {
    const chatId = await directChat(by, friend);
    const messages = `/chats/${chatId}/messages`;
    const content = { type: "text", text: "Unwanted" };
    const { messageId } = accepted(
      await friend.call<Message>("POST", messages, { content }),
    );
    return await by.call("DELETE", `${messages}/${messageId}?for=me`);
  },
  "poll.voted": async (by, friend) => {
    const messages = `/chats/${await directChat(by, friend)}/messages`;
    const content = {
      type: "poll",
      question: "When?",
      options: ["Today", "Tomorrow"],
      anonymous: true,
      multiple: false,
    };
    const { messageId } = accepted(
      await friend.call<Message>("POST", messages, { content }),
    );
    const vote = `${messages}/${messageId}/vote`;
    return await by.call("PUT", vote, { options: [1] });
  },
  "preferences.updated": async (by, friend) => {
    const chatId = await directChat(by, friend);
    const patch = { pinned: true, draft: { text: "Dear friend" } };
    return await by.call("PATCH", `/chats/${chatId}/me`, patch);
  },
  "notification.cleared": async (by, friend) => {
    const chatId = await directChat(by, friend);
    const clear = `/chats/${chatId}/notifications/clear`;
    return await by.call("POST", clear);
  },
};

async function signIn(url: string, { username }: Person): Promise<Person> {
  const body = { login: username, password };
  const made = await call<Session>(url, "POST", "/auth/login", { body });
  return personOf(url, accepted(made));
}

/** The account's news in the order in which a device heard them. */
const newsOf = (line: Line) =>
  line.events.flatMap((event) =>
    "accountRev" in event && event.accountRev !== undefined
      ? [{ accountRev: event.accountRev, type: event.type }]
      : []
  );

Deno.test("every event of an account reaches all its devices, the one that caused it too", async (t) => {
  await using service = await testApp();
  const [ann, bob] = [
    await newPerson(service.url, "ann"),
    await newPerson(service.url, "bob"),
  ];
  const phone = await signIn(service.url, ann);
  const devices = [ann, phone, await signIn(service.url, ann)];
  const cursor = accepted(await ann.call<Sync>("GET", "/sync")).cursor;
  await using lines = new AsyncDisposableStack();
  const connected: Line[] = [];
  for (const device of devices) {
    connected.push(lines.use(await device.connect()));
  }
  await using bobs = await bob.connect();
  let heard = 0;

  for (const type of accountEvents.filter((type) => !hints.includes(type))) {
    await t.step(type, async () => {
      const cause = causes[type];
      assert.ok(cause, "what causes this event stands in no case");
      await cause(phone, bob);
      for (const line of connected) {
        const event = await line.heard(
          type,
          (each) =>
            newsOf(line).slice(heard).some(({ accountRev }) =>
              accountRev === (each as EventOf<"account.updated">).accountRev
            ),
        );
        Event.parse(event);
      }
      const all = connected.map(newsOf);
      for (const news of all) assert.deepEqual(news, all[0]);
      heard = all[0]!.length;
    });
  }

  await t.step("each number once and none left out", () => {
    const [{ accountRev: first } = { accountRev: 0 }] = newsOf(connected[0]!);
    for (const line of connected) {
      assert.deepEqual(
        newsOf(line).map(({ accountRev }) => accountRev),
        newsOf(line).map((_, i) => first + i),
      );
    }
  });

  await t.step("nobody else hears of them", () => {
    const own = ["chat.created", "contact.updated"];
    assert.deepEqual(
      newsOf(bobs).filter(({ type }) => !own.includes(type)),
      [],
    );
  });

  await t.step("whoever was away finds the same in /sync", async () => {
    for (const device of devices) {
      const page = accepted(
        await device.call<Sync>("GET", `/sync?cursor=${cursor}`),
      );
      Sync.parse(page);
      assert.equal(page.accountRev, newsOf(connected[0]!).at(-1)!.accountRev);
      assert.equal(page.me?.about, "New");
      assert.deepEqual(
        page.devices.map(({ name, current }) => [name, current]),
        [["Kitchen", device === phone]],
      );
      assert.equal(page.chats.length, 3);
      assert.equal(page.gone.length, 1);
      assert.equal(page.hidden.length, 1);
      assert.deepEqual(
        page.drafts.map(({ draft }) => draft),
        [{ text: "Dear friend" }],
      );
      const [head] = page.chats.filter(({ preferences }) => preferences);
      assert.equal(head!.preferences!.pinned, true);
      assert.equal(head!.preferences!.notifiedSeq, head!.lastSeq);
    }
  });
  assert.deepEqual(service.complaints, []);
});

Deno.test("a device on an isolate that hears nothing from the others catches up", async () => {
  await using service = await testApp();
  await using deaf = await anotherIsolate(service, { SWEEP_MS: "200" });
  const ann = await newPerson(service.url);
  const tablet = await signIn(deaf.url, ann);
  await using line = await tablet.connect();
  for (const cause of [causes["account.updated"]!, causes["device.updated"]!]) {
    await cause(ann, ann);
  }
  const { accountRev } = accepted(await ann.call<Sync>("GET", "/sync"));
  await line.heard(
    "account.behind",
    (event) => event.accountRev === accountRev,
  );
  const page = accepted(
    await tablet.call<Sync>("GET", `/sync?cursor=${line.welcome.cursor}`),
  );
  assert.equal(page.me?.about, "New");
  assert.deepEqual(page.devices.map(({ name }) => name), ["Kitchen"]);
});
