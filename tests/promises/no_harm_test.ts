/** Promise 7: one slow, broken or hostile client harms no other. */
import assert from "node:assert/strict";
import { testApp } from "../support/app.ts";
import {
  directChat,
  groupOf,
  type Line,
  newPerson,
  openSocket,
} from "../support/peer.ts";
import { say } from "../support/say.ts";

/** Two who talk all the while; everything said has to arrive, in order. */
async function bystanders(url: string) {
  const [ann, bob] = [await newPerson(url), await newPerson(url)];
  const chatId = await directChat(ann, bob);
  const [from, to] = [await ann.connect(), await bob.connect()];
  let said = 0;
  return {
    async talk(times: number) {
      for (let i = 0; i < times; i++) await say(from, chatId, `${++said}`);
    },
    async [Symbol.asyncDispose]() {
      await to.heard("message.created", ({ message }) => message.seq === said);
      const heard = to.events.flatMap((event) =>
        event.type === "message.created" ? [event.message.seq] : []
      );
      assert.deepEqual(heard, Array.from({ length: said }, (_, i) => i + 1));
      from.close();
      to.close();
      await Promise.all([from.closed, to.closed]);
    },
  };
}

Deno.test("promise 7: bad clients are shown out, the others do not notice", async (t) => {
  await using service = await testApp();
  const { url } = service;
  await using others = await bystanders(url);
  await others.talk(5);

  const hostile: Record<string, (line: Line) => void> = {
    "4413 for a frame too large": (line) => line.raw("x".repeat(70_000)),
    "4400 for bytes": (line) => line.raw(new Uint8Array([1, 2, 3])),
    "4400 for what is not JSON": (line) => line.raw("{"),
    "4400 for depth without end": (line) => line.raw("[".repeat(60_000)),
    "4400 for a request nobody knows": (line) =>
      line.raw('{"type":"explode","id":1}'),
    "4429 for a flood": (line) => {
      for (let i = 0; i < 5000; i++) line.raw('{"type":"ping","id":1}');
    },
  };
  for (const [what, attack] of Object.entries(hostile)) {
    await t.step(what, async () => {
      const mallory = await newPerson(url);
      const line = await mallory.connect();
      attack(line);
      const [{ code }] = await Promise.all([line.closed, others.talk(3)]);
      // A flooder whose frames are no longer read may see its connection reset before the code.
      const expected = Number(what.slice(0, 4));
      assert.ok(
        code === expected || (expected === 4429 && code === 0),
        `${code}`,
      );
    });
  }

  await t.step("a crowd that never says hello", async () => {
    const crowd = Array.from({ length: 50 }, () => openSocket(url));
    await Promise.all(crowd.map(({ opened }) => opened));
    await others.talk(5);
    const ends = await Promise.all(crowd.map(({ closed }) => closed));
    assert.deepEqual(new Set(ends.map(({ code }) => code)), new Set([4408]));
  });

  await t.step(
    "a member who asks for the largest pages, over and over",
    async () => {
      const mallory = await newPerson(url);
      const chatId = await groupOf(mallory);
      await using line = await mallory.connect();
      for (let i = 0; i < 20; i++) await say(line, chatId, "語".repeat(16_000));
      const pages = Array.from(
        { length: 60 },
        () =>
          line.ask({ type: "changes", chatId, since: 0 }).catch(() =>
            undefined
          ),
      );
      await others.talk(10);
      await Promise.all(pages);
    },
  );
  assert.deepEqual(service.complaints, []);
});
