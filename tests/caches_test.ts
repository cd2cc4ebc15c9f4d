import assert from "node:assert/strict";
import { createCaches } from "../src/caches.ts";
import { createMeasures } from "../src/measures.ts";
import type { Session } from "../src/protocol/accounts.ts";
import type { DeviceId, UserId } from "../src/protocol/ids.ts";
import type { History } from "../src/protocol/messages.ts";
import type { ChatItem } from "../src/protocol/sync.ts";
import { createLocalRelay } from "../src/relay/local.ts";
import { accepted } from "./support/answers.ts";
import { anotherIsolate, type TestApp, testApp } from "./support/app.ts";
import {
  call,
  groupOf,
  newPerson,
  password,
  type Person,
  personOf,
} from "./support/peer.ts";

/** So long that nothing but what is told can end what is known. */
const neverMs = "600000";

const count = ({ app }: TestApp) => app.counters.read();
/** The same person and device, on another isolate. */
const on = ({ url }: TestApp, { session }: Person) => personOf(url, session);

async function signIn(url: string, { username }: Person): Promise<Person> {
  const body = { login: username, password };
  const made = await call<Session>(url, "POST", "/auth/login", { body });
  assert.equal(made.status, 200);
  return personOf(url, made.body);
}

const revoke = async (by: Person, { session }: Person) => {
  const path = `/me/devices/${session.device.deviceId}`;
  assert.equal((await by.call("DELETE", path)).status, 204);
};

Deno.test("a page from memory is the one that the database holds, on an isolate that hears nothing too", async (t) => {
  await using here = await testApp({ SWEEP_MS: neverMs });
  await using there = await anotherIsolate(here);
  await using without = await anotherIsolate(here, { CACHES: "none" });
  const [ann, bob, eve, dan] = [
    await newPerson(here.url, "ann"),
    await newPerson(here.url, "bob"),
    await newPerson(here.url, "eve"),
    await newPerson(here.url, "dan"),
  ];
  const chatId = await groupOf(ann, bob, eve);
  const path = `/chats/${chatId}/messages`;
  const content = (text: string) => ({ content: { type: "text", text } });
  const send = async (by: Person, text: string, more = {}) =>
    accepted(
      await by.call<{ messageId: string }>("POST", path, {
        ...content(text),
        ...more,
      }),
    ).messageId;
  const first = await send(ann, "first");
  const second = await send(bob, "second");
  await send(bob, "third");

  const readers = [ann, bob, eve];
  async function compare(path: string) {
    for (const person of readers) {
      const truth = await on(without, person).call<History>("GET", path);
      assert.equal(truth.status, 200);
      for (const isolate of [here, there]) {
        const reader = on(isolate, person);
        for (let times = 2; times > 0; times--) {
          const answer = await reader.call<History>("GET", path);
          assert.deepEqual(answer.body, truth.body);
        }
        const before = count(isolate);
        const short = await reader.call<History>("GET", `${path}?limit=2`);
        const { items } = truth.body;
        assert.deepEqual(short.body.items, items.slice(-2));
        assert.equal(short.body.hasBefore, items.length > 2);
        const after = count(isolate);
        assert.equal(
          after["parley.cache.pages.hits"],
          before["parley.cache.pages.hits"] + 1,
          "it came from memory",
        );
      }
    }
  }

  await compare(path);
  const changes: Record<string, () => Promise<unknown>> = {
    "a message": () => send(ann, "fourth"),
    "an edit": () => ann.call("PATCH", `${path}/${first}`, content("1st")),
    "a reply": () => send(eve, "fifth", { replyTo: first }),
    "a reaction of one reader": () =>
      bob.call("PUT", `${path}/${first}/reactions/👍`),
    "the same one of another": () =>
      eve.call("PUT", `${path}/${first}/reactions/👍`),
    "a reaction taken back": () =>
      bob.call("DELETE", `${path}/${first}/reactions/👍`),
    "a pin": () => ann.call("PUT", `${path}/${second}/pin`),
    "one deleted for oneself": () =>
      eve.call("DELETE", `${path}/${second}?for=me`),
    "one deleted for everyone": () =>
      ann.call("DELETE", `${path}/${first}?for=everyone`),
  };
  for (const [what, happens] of Object.entries(changes)) {
    await t.step(`after ${what}`, async () => {
      const answer = await happens();
      if (typeof answer !== "string") {
        accepted(answer as Awaited<ReturnType<Person["call"]>>);
      }
      await compare(path);
    });
  }

  await t.step(
    "for one who came later and sees nothing from before",
    async () => {
      const rule = { historyForNewcomers: "sinceJoining" };
      accepted(await ann.call("PATCH", `/chats/${chatId}`, rule));
      const members = `/chats/${chatId}/members`;
      accepted(await ann.call("POST", members, { userIds: [dan.userId] }));
      readers.push(dan);
      await compare(path);
      await send(ann, "Welcome, Dan");
      await compare(path);
      const { items } = accepted(await dan.call<History>("GET", path));
      assert.ok(items.length < 4, "the beginning is not shown");
      readers.pop();
    },
  );

  await t.step("after each vote in a poll", async () => {
    const poll = {
      ...{ type: "poll", question: "When?", options: ["Now", "Later"] },
      ...{ anonymous: true, multiple: false },
    };
    const asked = accepted(
      await ann.call<{ messageId: string }>("POST", path, { content: poll }),
    );
    await compare(path);
    const vote = `${path}/${asked.messageId}/vote`;
    for (const [i, person] of [bob, eve].entries()) {
      accepted(await person.call("PUT", vote, { options: [i] }));
      await compare(path);
    }
    const { items } = accepted(await eve.call<History>("GET", path));
    const { counts, mine } = items.at(-1)!.poll!;
    assert.deepEqual({ counts, mine }, { counts: [1, 1], mine: [1] });
  });

  await t.step("after one cleared the history", async () => {
    accepted(await bob.call("DELETE", `/chats/${chatId}/history`));
    await compare(path);
    const { items } = accepted(await bob.call<History>("GET", path));
    assert.deepEqual(items, []);
    await send(eve, "Where were we?");
    await compare(path);
  });

  await t.step("after a post was viewed, which takes no rev", async () => {
    const body = {
      kind: "channel",
      title: "News",
      visibility: "public",
      handle: `news_${Date.now().toString(36)}`,
    };
    const made = await ann.call<ChatItem>("POST", "/chats", body);
    const channel = `/chats/${accepted(made).chatId}`;
    for (const person of [bob, eve]) {
      accepted(await person.call("POST", `${channel}/join`));
    }
    const posts = `${channel}/messages`;
    accepted(await ann.call("POST", posts, content("A post")));
    await compare(posts);
    for (const person of [bob, eve]) {
      accepted(await person.call("POST", `${channel}/read`, { seq: 1 }));
      await compare(posts);
    }
    const { items } = accepted(await bob.call<History>("GET", posts));
    assert.equal(items[0]!.views, 2);
  });

  await t.step("a member who was removed has none", async () => {
    const gone = `/chats/${chatId}/members/${eve.userId}`;
    assert.equal((await ann.call("DELETE", gone)).status, 204);
    for (const isolate of [here, there]) {
      assert.equal((await on(isolate, eve).call("GET", path)).status, 404);
    }
  });

  await t.step("all of it is counted", () => {
    const there_ = count(there);
    assert.ok(there_["parley.cache.pages.misses"] > 0);
    assert.ok(there_["parley.cache.messages.hits"] > 0);
    assert.ok(there_["parley.cache.messages.misses"] > 0);
    assert.ok(there_["parley.cache.devices.hits"] > 0);
    assert.ok(there_["parley.cache.devices.misses"] > 0);
    assert.ok(there_["parley.cache.messages.bytes"] > 0);
    for (const [name, value] of Object.entries(count(without))) {
      if (name.startsWith("parley.cache.")) assert.equal(value, 0, name);
    }
  });
});

Deno.test("a device that is signed out is out at once where the relay tells of it", async () => {
  const relay = createLocalRelay();
  await using here = await testApp({ SWEEP_MS: neverMs }, { relay });
  await using there = await anotherIsolate(here, {}, { relay });
  const ann = await newPerson(here.url, "ann");
  const phone = await signIn(here.url, ann);
  await using line = await on(there, phone).connect();
  for (const isolate of [here, there]) {
    for (let times = 2; times > 0; times--) {
      assert.equal((await on(isolate, phone).call("GET", "/me")).status, 200);
    }
    assert.ok(count(isolate)["parley.cache.devices.hits"] > 0);
  }
  await revoke(ann, phone);
  assert.equal((await on(here, phone).call("GET", "/me")).status, 401);
  await line.closed;
  assert.equal((await on(there, phone).call("GET", "/me")).status, 401);
});

Deno.test("a device that is signed out is out within a second where nothing tells of it, and writes nothing meanwhile", async () => {
  await using here = await testApp({ SWEEP_MS: neverMs });
  await using there = await anotherIsolate(here);
  const ann = await newPerson(here.url, "ann");
  const phone = await signIn(here.url, ann);
  const elsewhere = on(there, phone);
  const read = async () => (await elsewhere.call("GET", "/me")).status;
  assert.equal(await read(), 200);
  await revoke(ann, phone);
  const since = performance.now();
  const patch = { displayName: "Mallory" };
  assert.equal((await elsewhere.call("PATCH", "/me", patch)).status, 401);
  while (await read() === 200) {
    // Half a second for a machine that is busy.
    assert.ok(performance.now() - since < 1500, "it still reads");
  }
});

Deno.test("a device that is signed out is out by the next sweep where the relay is dead", async () => {
  await using here = await testApp({ SWEEP_MS: neverMs });
  // It listens, and what the other isolate says does not arrive.
  await using there = await anotherIsolate(here, { SWEEP_MS: "100" });
  const ann = await newPerson(here.url, "ann");
  const phone = await signIn(here.url, ann);
  const elsewhere = on(there, phone);
  await using line = await elsewhere.connect();
  assert.equal((await elsewhere.call("GET", "/me")).status, 200);
  await revoke(ann, phone);
  // The sweep closes it, and the cache hears before the sockets do.
  await line.closed;
  assert.equal((await elsewhere.call("GET", "/me")).status, 401);
});

Deno.test("what the sweep finds, what is told and what may have been missed all end what is known", () => {
  const { ofAccounts, hear, onHeads, onGap } = createCaches({
    wanted: ["devices"],
    counters: createMeasures(),
    heardSince: () => 0,
    sweepMs: 5000,
    now: () => 1,
  });
  const devices = ofAccounts.knownDevices!;
  const userId = crypto.randomUUID() as UserId;
  const deviceId = crypto.randomUUID() as DeviceId;
  const news = { id: "1", origin: "elsewhere", scopeId: userId, rev: 2 };
  const ends: Record<string, () => void> = {
    "the sweep": () => onHeads([{ scopeId: userId, rev: 2 }]),
    "the relay": () => hear([{ ...news, audience: "account" }]),
    "a gap": onGap,
  };
  for (const [what, end] of Object.entries(ends)) {
    using look = devices.look(userId);
    look.found(deviceId);
    onHeads([{ scopeId: crypto.randomUUID(), rev: 2 }]);
    hear([{ ...news, audience: "presence" }]);
    assert.equal(devices.has(userId, deviceId), true, what);
    end();
    assert.equal(devices.has(userId, deviceId), false, what);
  }
});
