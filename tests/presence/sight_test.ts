import assert from "node:assert/strict";
import type { Presence } from "../../src/protocol/accounts.ts";
import { createLocalRelay } from "../../src/relay/local.ts";
import { rates } from "../../src/rates.ts";
import type { Announcement, Relay } from "../../src/relay/relay.ts";
import { accepted, refused } from "../support/answers.ts";
import { anotherIsolate, type TestApp, testApp } from "../support/app.ts";
import {
  directChat,
  groupOf,
  type Line,
  newPerson,
  type Person,
  personOf,
} from "../support/peer.ts";
import { befriend, block, remove, unblock } from "../contacts/acquaintance.ts";

/** Takes the relay from one of several isolates that share it, but not from the others. */
const shared = (relay: Relay): Relay => ({
  ...relay,
  [Symbol.asyncDispose]: () => Promise.resolve(),
});

async function watches(line: Line, person: Person): Promise<Presence> {
  const { userId } = person;
  const reply = await line.ask({ type: "watch", userIds: [userId] });
  assert.ok(reply.ok);
  return (reply.data as { presence: Presence[] }).presence[0]!;
}

/** What the line was told of a person, and nothing else comes with the next thing that does. */
const told = ({ events }: Line) =>
  events.flatMap((event) => event.type === "presence" ? [event.online] : []);

/** Watches a person who is online; answers how often the line was told of that, once it knows. */
async function seesOnline(line: Line, person: Person): Promise<number> {
  const { online } = await watches(line, person);
  if (!online) await line.heard("presence", (event) => event.online);
  return told(line).length;
}

/** Resolves once the line has been told so often, with what it was told last. */
async function toldOf(line: Line, times: number): Promise<boolean> {
  await line.heard("presence", () => told(line).length >= times);
  return told(line)[times - 1]!;
}

const privacy = (by: Person, setting: string, rule: object) =>
  by.call("PATCH", "/me", { privacy: { [setting]: rule } });

const lastSeen = async (by: Person, { userId }: Person): Promise<Presence> =>
  accepted(await by.call<Presence>("GET", `/users/${userId}/last-seen`));

Deno.test("what two are to each other is nobody else's ring", async (t) => {
  const relay = createLocalRelay();
  const published: Announcement[] = [];
  await using service = await testApp({}, {
    relay: {
      ...relay,
      publish(shard, batch) {
        published.push(...batch);
        return relay.publish(shard, batch);
      },
    },
  });
  const ann = await newPerson(service.url, "ann");
  const bob = await newPerson(service.url, "bob");

  await t.step("a block rings for the two alone", async () => {
    accepted(await block(ann, bob));
    const rings = published.filter(({ audience }) => audience === "presence");
    assert.deepEqual(
      rings.map(({ scopeId, towards }) => [scopeId, towards]),
      [[ann.userId, bob.userId], [bob.userId, ann.userId]],
    );
  });

  await t.step("and nobody blocks without end", async () => {
    const { burst } = rates.contactRequestsPerUser;
    let last;
    for (let i = 0; i < burst + 10; i++) {
      last = await block(ann, bob);
      if (last.status !== 200) break;
    }
    refused(last!, "rate_limited");
    refused(await unblock(ann, bob), "rate_limited");
  });
  assert.deepEqual(service.complaints, []);
});

interface Stage extends AsyncDisposable {
  readonly here: TestApp;
  readonly there: TestApp;
}

/** Two isolates that hear of each other one way or the other. */
async function stage(
  env: Record<string, string>,
  relay: Relay | undefined,
): Promise<Stage> {
  await using cleanup = new AsyncDisposableStack();
  const overrides = relay ? { relay: shared(relay) } : {};
  const here = cleanup.use(await testApp(env, overrides));
  const there = cleanup.use(await anotherIsolate(here, env, overrides));
  const stack = cleanup.move();
  return { here, there, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

for (
  const { how, env, relay } of [
    {
      how: "through the relay",
      env: { SWEEP_MS: "600000" },
      relay: createLocalRelay(),
    },
    { how: "with the sweep", env: { SWEEP_MS: "100" }, relay: undefined },
  ]
) {
  Deno.test(`on open connections of another isolate, ${how}`, async (t) => {
    await using isolates = await stage(env, relay);
    const { here, there } = isolates;
    const watching = async () => {
      const ann = await newPerson(here.url, "ann");
      const bob = await newPerson(here.url, "bob");
      const line = await personOf(there.url, bob.session).connect();
      const hers = await ann.connect();
      return { ann, bob, hers, line };
    };

    await t.step("a block takes both out of each other's sight", async () => {
      const { ann, bob, hers, line } = await watching();
      await groupOf(ann, bob);
      const from = [
        await seesOnline(line, ann),
        await seesOnline(hers, bob),
      ] as const;
      accepted(await block(ann, bob));
      assert.equal(await toldOf(line, from[0] + 1), false);
      assert.equal(await toldOf(hers, from[1] + 1), false);
      const hidden = { online: false, lastSeenAt: null };
      for (const [by, of] of [[ann, bob], [bob, ann]] as const) {
        assert.deepEqual(await lastSeen(by, of), {
          userId: of.userId,
          ...hidden,
        });
      }
      assert.equal((await watches(line, ann)).online, false);
      accepted(await unblock(ann, bob));
      assert.equal(await toldOf(line, from[0] + 2), true);
      await line[Symbol.asyncDispose]();
      await hers[Symbol.asyncDispose]();
    });

    await t.step("a contact sees, and does not once removed", async () => {
      const { ann, bob, hers, line } = await watching();
      assert.equal((await watches(line, ann)).online, false);
      refused(
        await bob.call("GET", `/users/${ann.userId}/last-seen`),
        "not_found",
      );
      await befriend(ann, bob);
      assert.equal(await toldOf(line, 1), true);
      accepted(await remove(ann, bob));
      assert.equal(await toldOf(line, 2), false);
      await line[Symbol.asyncDispose]();
      await hers[Symbol.asyncDispose]();
    });

    await t.step(
      "who leaves the last common chat is out of sight",
      async () => {
        const { ann, bob, hers, line } = await watching();
        const owner = await newPerson(here.url, "owner");
        const chatId = await groupOf(owner, ann, bob);
        const from = [
          await seesOnline(line, ann),
          await seesOnline(hers, bob),
        ] as const;
        accepted(
          await owner.call("DELETE", `/chats/${chatId}/members/${bob.userId}`),
        );
        assert.equal(await toldOf(line, from[0] + 1), false);
        assert.equal(await toldOf(hers, from[1] + 1), false);
        await line[Symbol.asyncDispose]();
        await hers[Symbol.asyncDispose]();
      },
    );

    await t.step("so are all when it is deleted", async () => {
      const { ann, bob, hers, line } = await watching();
      const owner = await newPerson(here.url, "owner");
      const chatId = await groupOf(owner, ann, bob);
      const from = [
        await seesOnline(line, ann),
        await seesOnline(hers, bob),
      ] as const;
      accepted(await owner.call("DELETE", `/chats/${chatId}`));
      assert.equal(await toldOf(line, from[0] + 1), false);
      assert.equal(await toldOf(hers, from[1] + 1), false);
      await line[Symbol.asyncDispose]();
      await hers[Symbol.asyncDispose]();
    });

    await t.step("privacy counts from the moment of its change", async () => {
      const { ann, bob, hers, line } = await watching();
      await directChat(ann, bob);
      const began = await seesOnline(line, ann);
      accepted(await privacy(ann, "presence", { who: "contacts" }));
      assert.equal(await toldOf(line, began + 1), false);
      accepted(
        await privacy(ann, "presence", { who: "nobody", allow: [bob.userId] }),
      );
      assert.equal(await toldOf(line, began + 2), true);
      await line[Symbol.asyncDispose]();
      await hers[Symbol.asyncDispose]();
    });

    await t.step("typing does not reach whom one has blocked", async () => {
      const ann = await newPerson(here.url, "ann");
      const bob = await newPerson(here.url, "bob");
      const chatId = await directChat(ann, bob);
      const groupId = await groupOf(ann, bob);
      await using hers = await ann.connect();
      await using line = await personOf(there.url, bob.session).connect();
      const type = (by: Line, chatId: string) =>
        by.ask({ type: "typing", chatId, active: true });
      assert.ok((await type(line, chatId)).ok);
      accepted(await block(ann, bob));
      for (const each of [hers, line]) {
        const reply = await type(each, chatId);
        assert.ok(!reply.ok);
        assert.equal(reply.error.code, "blocked");
        assert.ok((await type(each, groupId)).ok);
      }
      let refusal;
      do refusal = await type(line, groupId); while (refusal.ok);
      assert.equal(refusal.error.code, "rate_limited");
    });

    assert.deepEqual([...here.complaints, ...there.complaints], []);
  });
}
