import assert from "node:assert/strict";
import { createLocalRelay } from "../../src/relay/local.ts";
import type { Relay } from "../../src/relay/relay.ts";
import { accepted } from "../support/answers.ts";
import { anotherIsolate, testApp } from "../support/app.ts";
import {
  directChat,
  type Line,
  newPerson,
  type Person,
  personOf,
} from "../support/peer.ts";
import type { Presence } from "../../src/protocol/accounts.ts";

/** No sweep happens during a test. */
const SWEEP_MS = "600000";

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

const isHere = ({ online }: { online: boolean }) => online;
const isGone = ({ online }: { online: boolean }) => !online;

for (
  const { how, env, relay } of [
    { how: "through the relay", env: { SWEEP_MS }, relay: createLocalRelay() },
    { how: "with the sweep", env: { SWEEP_MS: "100" }, relay: undefined },
  ]
) {
  Deno.test(`presence crosses isolates ${how}`, async () => {
    const overrides = relay ? { relay: shared(relay) } : {};
    await using here = await testApp(env, overrides);
    await using there = await anotherIsolate(here, env, overrides);
    const ann = await newPerson(here.url, "a");
    const bob = await newPerson(there.url, "b");
    await directChat(ann, bob);
    await using anns = await ann.connect();
    assert.deepEqual(await watches(anns, bob), {
      userId: bob.userId,
      online: false,
      lastSeenAt: null,
    });

    const bobs = await bob.connect();
    await anns.heard("presence", isHere);
    // Another device, on another isolate, keeps him here.
    const laptop = await personOf(here.url, bob.session).connect();
    await bobs[Symbol.asyncDispose]();
    await laptop[Symbol.asyncDispose]();
    const { lastSeenAt } = await anns.heard("presence", isGone);
    const read = accepted(
      await ann.call<Presence>("GET", `/users/${bob.userId}/last-seen`),
    );
    assert.equal(read.lastSeenAt, lastSeenAt);
    const states = anns.events.flatMap((event) =>
      event.type === "presence" ? [event.online] : []
    );
    assert.deepEqual(states, [true, false]);
    assert.deepEqual([...here.complaints, ...there.complaints], []);
  });
}

Deno.test("an isolate that stops leaves its people to the others", async () => {
  const overrides = { relay: shared(createLocalRelay()) };
  await using here = await testApp({ SWEEP_MS }, overrides);
  const ann = await newPerson(here.url, "a");
  const bob = await newPerson(here.url, "b");
  await directChat(ann, bob);
  await using anns = await ann.connect();
  await watches(anns, bob);
  {
    await using there = await anotherIsolate(here, { SWEEP_MS }, overrides);
    const bobs = await personOf(there.url, bob.session).connect();
    await anns.heard("presence", isHere);
    await there.app.drain();
    assert.equal((await bobs.closed).code, 1012);
  }
  await using _back = await bob.connect();
  const read = accepted(
    await ann.call<Presence>("GET", `/users/${bob.userId}/last-seen`),
  );
  assert.equal(read.online, true);
  assert.equal(anns.events.filter(({ type }) => type === "presence").length, 1);
  assert.deepEqual(here.complaints, []);
});
