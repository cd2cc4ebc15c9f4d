/**
 * Promise 4: with the relay down, a connected client still gets every change, at the latest after the
 * sweep interval. Two isolates with local relays, which never hear of each other, stand for it.
 */
import assert from "node:assert/strict";
import type { Session } from "../../src/protocol/accounts.ts";
import { accepted } from "../support/answers.ts";
import { anotherIsolate, testApp } from "../support/app.ts";
import { Follower } from "../support/follower.ts";
import { freshRead } from "../support/fresh_read.ts";
import {
  call,
  groupOf,
  newPerson,
  password,
  type Person,
  personOf,
} from "../support/peer.ts";
import { reached } from "../support/reached.ts";
import { granted, refusal, say } from "../support/say.ts";

const sweepMs = 500;
/** What the news may take beside the interval, on a busy machine. */
const slackMs = 3000;

/** Fails when it takes longer than the sweep may. */
async function inTime<T>(news: Promise<T>): Promise<T> {
  const since = performance.now();
  const result = await news;
  const took = Math.round(performance.now() - since);
  assert.ok(took < sweepMs + slackMs, `took ${took} ms`);
  return result;
}

Deno.test("without a relay everything arrives with the sweep", async (t) => {
  await using here = await testApp({ SWEEP_MS: String(sweepMs) });
  await using there = await anotherIsolate(here);
  const people = await Promise.all(
    Array.from({ length: 3 }, () => newPerson(here.url)),
  );
  const [ann, bob, cleo] = people as [Person, Person, Person];
  const away = (person: Person) => personOf(there.url, person.session);
  const chatId = await groupOf(ann, bob, cleo);
  await using anns = await ann.connect();
  const bobs = new Follower(away(bob));
  await bobs.connect();

  await t.step("messages, edits and reactions", async () => {
    const sent = await Promise.all(
      Array.from({ length: 50 }, (_, i) => say(anns, chatId, `Hello ${i}`)),
    );
    const changed = await Promise.all(
      sent.map(({ messageId }) =>
        granted<{ rev: number }>(
          anns.ask({ type: "react", chatId, messageId, emoji: "👍" }),
        )
      ),
    );
    const last = Math.max(...changed.map(({ rev }) => rev));
    await inTime(bobs.caughtUp(chatId, last));
    assert.deepEqual(
      await bobs.confirm(chatId),
      await freshRead(bob, chatId),
    );
  });

  await t.step("while both sides talk", async () => {
    const sides = [anns, bobs.line];
    const sent = await Promise.all(
      Array.from({ length: 60 }, (_, i) => say(sides[i % 2]!, chatId, `${i}`)),
    );
    const last = Math.max(...sent.map(({ rev }) => rev));
    await inTime(
      Promise.all([
        bobs.caughtUp(chatId, last),
        reached(anns, chatId, last),
      ]),
    );
  });

  await t.step("how far the others have read", async () => {
    const { rev, seq } = await say(anns, chatId, "Read this");
    await inTime(bobs.caughtUp(chatId, rev));
    await granted(bobs.line.ask({ type: "read", chatId, seq }));
    const isBobs = (event: { userId: string; readSeq: number }) =>
      event.userId === bob.userId && event.readSeq === seq;
    await inTime(anns.heard("receipt.updated", isBobs));
    // Both hear of it, and the one on whose isolate it was said does so once.
    await bobs.line.heard("receipt.updated", isBobs);
    await say(anns, chatId, "Another sweep comes and goes");
    await inTime(bobs.caughtUp(chatId, rev + 1));
    const told = bobs.heard.filter((event) =>
      event.type === "receipt.updated" && isBobs(event)
    );
    assert.equal(told.length, 1);
  });

  await t.step("a chat that begins", async () => {
    const fresh = await groupOf(ann, bob);
    const { rev } = await say(anns, fresh, "In a new chat");
    await inTime(bobs.caughtUp(fresh, rev));
  });

  await t.step("a removal, after which nothing is heard any more", async () => {
    await using cleos = await away(cleo).connect();
    const path = `/chats/${chatId}/members/${cleo.userId}`;
    accepted(await ann.call("DELETE", path));
    await inTime(cleos.heard("account.behind"));
    const before = cleos.events.length;
    const { rev } = await say(anns, chatId, "Without cleo");
    await inTime(bobs.caughtUp(chatId, rev));
    const frame = { type: "changes", chatId, since: 0 };
    assert.equal(await refusal(cleos.ask(frame)), "not_found");
    assert.deepEqual(cleos.events.slice(before), []);
  });

  await t.step("a chat that ends", async () => {
    const doomed = await groupOf(ann, bob);
    await bobs.caughtUp(doomed, 1);
    accepted(await ann.call("DELETE", `/chats/${doomed}`));
    await inTime(
      bobs.line.heard("chat.deleted", (event) => event.chatId === doomed),
    );
    assert.equal(bobs.chats.has(doomed), false);
  });

  await t.step("a device that is signed out", async () => {
    const body = { login: bob.username, password };
    const made = accepted(
      await call<Session>(here.url, "POST", "/auth/login", { body }),
    );
    const phone = personOf(there.url, made);
    const line = await phone.connect();
    const path = `/me/devices/${made.device.deviceId}`;
    accepted(await bob.call("DELETE", path));
    assert.equal((await inTime(line.closed)).code, 4401);
    assert.equal((await phone.call("GET", "/me")).status, 401);
  });

  await bobs.disconnect();
  assert.deepEqual(bobs.strays, []);
  assert.deepEqual([...here.complaints, ...there.complaints], []);
});
