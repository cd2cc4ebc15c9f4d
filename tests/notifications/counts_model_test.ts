import assert from "node:assert/strict";
import fc from "fast-check";
import type { Session } from "../../src/protocol/accounts.ts";
import type { ChatId } from "../../src/protocol/ids.ts";
import type { Changes, Sync } from "../../src/protocol/sync.ts";
import { accepted } from "../support/answers.ts";
import { anotherIsolate, type TestApp, testApp } from "../support/app.ts";
import {
  call,
  directChat,
  groupOf,
  newPerson,
  password,
  type Person,
  personOf,
} from "../support/peer.ts";
import { createClient, type ParleyClient } from "../../src/client/mod.ts";
import { mention, send } from "../messages/talk.ts";
import { countsOf, recount } from "./recount.ts";

const whats = [
  ...["send", "send", "send", "mention", "mentionAll", "edit"] as const,
  ...["delete", "hide", "read", "read", "mark", "clear"] as const,
  ...["clearHistory", "mute", "level", "leave", "join"] as const,
  ...["ask", "view", "sendOwn"] as const,
];

const step = fc.record({
  what: fc.constantFrom(...whats),
  /** Which of her devices it comes from, and so which isolate. */
  device: fc.nat(1),
  chat: fc.nat(2),
  nth: fc.nat(30),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

interface World {
  readonly service: TestApp;
  /** One person on two devices. */
  readonly devices: readonly [Person, Person];
  readonly friends: readonly [Person, Person];
  readonly chats: readonly [ChatId, ChatId, ChatId];
}

async function makeWorld(service: TestApp, url: string): Promise<World> {
  const [ann, bob, cleo] = await Promise.all(
    ["a", "b", "c"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person, Person];
  const body = { login: ann.username, password };
  const made = await call<Session>(url, "POST", "/auth/login", { body });
  return {
    service,
    devices: [ann, personOf(url, accepted(made))],
    friends: [bob, cleo],
    chats: [
      await directChat(ann, bob),
      await groupOf(bob, ann, cleo),
      await groupOf(bob, ann),
    ],
  };
}

/** What cannot be done at the moment is refused, which is as good as not done. */
async function perform(world: World, { what, device, chat, nth }: Step) {
  const { devices, friends: [bob, cleo] } = world;
  const ann = devices[device]!;
  const chatId = world.chats[chat]!;
  const at = `/chats/${chatId}`;
  const seen = (await bob.call<Changes>("GET", `${at}/changes?since=0`)).body
    .messages;
  const target = seen[nth % Math.max(1, seen.length)];
  const message = `${at}/messages/${target?.messageId}`;
  const sender = target?.senderId === bob.userId
    ? bob
    : target?.senderId === cleo.userId
    ? cleo
    : ann;
  const preferences = (patch: object) => ann.call("PATCH", `${at}/me`, patch);
  switch (what) {
    case "send":
      return await send(bob, chatId, `${nth}`);
    case "sendOwn":
      return await ann.call("POST", `${at}/messages`, {
        content: { type: "text", text: "Mine" },
      });
    case "mention":
    case "mentionAll":
      return await mention(bob, chatId, what === "mention" ? ann : "everyone");
    case "edit":
      return target && await sender.call("PATCH", message, {
        content: {
          type: "text",
          text: "@ann",
          ...(nth % 2 === 0 ? {} : {
            entities: [
              { type: "mention", offset: 0, length: 4, userId: ann.userId },
            ],
          }),
        },
      });
    case "delete":
      return target && await sender.call("DELETE", message);
    case "hide":
      return target && await ann.call("DELETE", `${message}?for=me`);
    case "read":
      return await ann.call("POST", `${at}/read`, { seq: nth });
    case "mark":
      return await preferences({ markedUnread: true });
    case "clear":
      return await ann.call("POST", `${at}/notifications/clear`);
    case "clearHistory":
      return await ann.call("DELETE", `${at}/history`);
    case "mute":
      return await preferences({
        mutedUntil: nth % 3 === 0
          ? null
          : new Date(Date.now() + (nth % 3 === 1 ? 1 : -1) * 3_600_000)
            .toISOString(),
      });
    case "level":
      return await preferences({
        notify: ["all", "mentions", "none"][nth % 3],
      });
    case "leave":
      return await ann.call("DELETE", `${at}/members/me`);
    case "join":
      return await bob.call("POST", `${at}/members`, {
        userIds: [ann.userId],
      });
    case "ask":
      return await (nth % 2 === 0 ? bob : cleo).call(
        "POST",
        "/contacts/requests",
        { userId: ann.userId },
      );
    case "view":
      return await ann.call("POST", "/contacts/requests/viewed");
  }
}

/** Every way to ask answers with what is there when it is counted one by one. */
async function check({ service, devices }: World, after: string) {
  const expected = await recount(service.db.database, devices[0].userId);
  for (const device of devices) {
    assert.deepEqual(await countsOf(device), expected, after);
  }
}

/** Long ones: what one step does to the counts takes others before it to be seen. */
const steps = fc.array(step, { minLength: 20, maxLength: 40, size: "max" });

Deno.test("whatever happens from whichever device, the counts equal a recount", async () => {
  await using service = await testApp();
  const granted = new Set<Step["what"]>();
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const world = await makeWorld(service, service.url);
      for (const each of all) {
        const answer = await perform(world, each);
        if (answer && (!("status" in answer) || answer.status < 300)) {
          granted.add(each.what);
        }
        await check(world, JSON.stringify(each));
      }
    }),
    { numRuns: 8 },
  );
  assert.deepEqual(granted, new Set(whats), "each of them was granted once");
  assert.deepEqual(service.complaints, []);
});

Deno.test("with two isolates that hear nothing of each other they do too, and clients come to the same state", async () => {
  const env = { SWEEP_MS: "150" };
  await using service = await testApp(env);
  await using other = await anotherIsolate(service, env);
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const world = await makeWorld(service, other.url);
      await using clients = new AsyncDisposableStack();
      const connected: ParleyClient[] = [];
      for (const { url, username } of world.devices) {
        const client = clients.use(createClient({ url }));
        await client.login({ login: username, password });
        await client.connect();
        connected.push(client);
      }
      for (const each of all) {
        await perform(world, each);
        await check(world, JSON.stringify(each));
      }
      const heads = accepted(await world.devices[0].call<Sync>("GET", "/sync"))
        .chats;
      for (const client of connected) {
        await agreed(() =>
          assert.deepEqual(
            client.chatStates().map((state) => [
              state.chatId,
              state.lastSeq,
              state.unread,
              state.preferences.accountRev,
              state.preferences.notifiedSeq,
              state.preferences.markedUnread,
            ]).sort(),
            heads.map(({ chatId, lastSeq, unread, preferences }) => [
              chatId,
              lastSeq,
              unread,
              preferences?.accountRev ?? 0,
              preferences?.notifiedSeq ?? 0,
              preferences?.markedUnread ?? false,
            ]).sort(),
          )
        );
      }
    }),
    { numRuns: 3 },
  );
  assert.deepEqual(service.complaints, []);
});

/** Resolves once the claim holds; rejects with what it says where that takes too long. */
async function agreed(claim: () => void): Promise<void> {
  const end = Date.now() + 15_000;
  for (;;) {
    try {
      return claim();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
