/** Promise 5: nobody sees what is not theirs, from the moment on in which it stops being theirs. */
import assert from "node:assert/strict";
import { commitBatch } from "../../src/changes/commit.ts";
import type { Command } from "../../src/changes/mod.ts";
import { removeMember } from "../../src/chats/remove_member.ts";
import { sendMessage } from "../../src/messages/send.ts";
import { messageTable } from "../../src/messages/store.ts";
import type { MessageId } from "../../src/protocol/ids.ts";
import type { Problem } from "../../src/protocol/problem.ts";
import type { Session } from "../../src/protocol/accounts.ts";
import { testApp } from "../support/app.ts";
import {
  call,
  groupOf,
  newPerson,
  password,
  type Person,
  personOf,
} from "../support/peer.ts";
import { refusal, say, text } from "../support/say.ts";
import { silent } from "../support/silent.ts";

async function people(url: string, count: number): Promise<Person[]> {
  return await Promise.all(
    Array.from({ length: count }, () => newPerson(url)),
  );
}

Deno.test("promise 5: what was taken away is gone on open connections too", async (t) => {
  await using service = await testApp();
  const { url } = service;

  await t.step(
    "removed from a group: silence, and every door shut",
    async () => {
      const [ann, bob, cleo] = await people(url, 3) as [Person, Person, Person];
      const chatId = await groupOf(ann, bob, cleo);
      await using bobs = await bob.connect();
      await using cleos = await cleo.connect();
      await using anns = await ann.connect();
      const { messageId } = await say(anns, chatId, "Before");
      await bobs.heard("message.created");

      await ann.call("DELETE", `/chats/${chatId}/members/${bob.userId}`);
      await say(anns, chatId, "After");
      await cleos.heard("message.created", ({ rev }) => rev > 5);
      await bobs.heard("chat.deleted");
      await bobs.ask({ type: "ping" });
      const heard = bobs.events.filter(({ type }) =>
        type === "message.created"
      );
      assert.equal(heard.length, 1, "bob heard what was said after he went");

      const at = `/chats/${chatId}`;
      const doors: [string, string, unknown?][] = [
        ["GET", at],
        ["PATCH", at, { title: "Mine" }],
        ["DELETE", at],
        ["GET", `${at}/members`],
        ["POST", `${at}/members`, { userIds: [bob.userId] }],
        ["PATCH", `${at}/members/${cleo.userId}`, { role: "admin" }],
        ["DELETE", `${at}/members/${cleo.userId}`],
        ["GET", `${at}/messages`],
        ["POST", `${at}/messages`, { content: { type: "text", text: "Hi" } }],
        ["GET", `${at}/messages/${messageId}`],
        ["PATCH", `${at}/messages/${messageId}`, {
          content: { type: "text", text: "Hi" },
        }],
        ["DELETE", `${at}/messages/${messageId}`],
        ["GET", `${at}/messages/${messageId}/replies`],
        ["GET", `${at}/messages/${messageId}/status`],
        ["PUT", `${at}/messages/${messageId}/pin`],
        ["PUT", `${at}/messages/${messageId}/reactions/%F0%9F%91%8D`],
        ["POST", `${at}/read`, { seq: 1 }],
        ["POST", `${at}/delivered`, { seq: 1 }],
        ["GET", `${at}/changes?since=0`],
      ];
      for (const [method, path, body] of doors) {
        const { status } = await bob.call(method, path, body);
        assert.equal(status, 404, `${method} ${path}`);
      }
      for (
        const frame of [
          { type: "changes", chatId, since: 0 },
          { type: "typing", chatId, active: true },
          { type: "read", chatId, seq: 1 },
          { type: "react", chatId, messageId, emoji: "👍" },
        ]
      ) {
        const reply = await bobs.ask(frame);
        assert.ok(!reply.ok && reply.error.code === "not_found", frame.type);
      }
    },
  );

  await t.step("a deleted group is gone for everyone", async () => {
    const [ann, bob] = await people(url, 2) as [Person, Person];
    const chatId = await groupOf(ann, bob);
    await using bobs = await bob.connect();
    await ann.call("DELETE", `/chats/${chatId}`);
    await bobs.heard("chat.deleted");
    for (const person of [ann, bob]) {
      const { status } = await person.call("GET", `/chats/${chatId}/messages`);
      assert.equal(status, 404);
    }
    assert.equal(
      await refusal(bobs.ask({ type: "changes", chatId, since: 0 })),
      "not_found",
    );
  });

  await t.step(
    "a device signed out, or left behind by a new password",
    async () => {
      const ann = await newPerson(url);
      const other = async () => {
        const body = { login: ann.username, password };
        const made = await call<Session>(url, "POST", "/auth/login", { body });
        return personOf(url, made.body);
      };
      const ends: [string, string, unknown?][] = [
        ["DELETE", "/me/devices/"],
        ["PUT", "/me/password", { current: password, next: "another one" }],
      ];
      for (const [method, path, body] of ends) {
        const device = await other();
        const line = await device.connect();
        const target = path.endsWith("/")
          ? path + device.session.device.deviceId
          : path;
        assert.equal((await ann.call(method, target, body)).status, 204);
        assert.equal((await line.closed).code, 4401);
        const { status, body: problem } = await device.call<{ code: string }>(
          "GET",
          "/me",
        );
        assert.deepEqual([status, problem.code], [401, "token_revoked"]);
        await assert.rejects(device.connect(), /token_revoked/);
      }
    },
  );
  assert.deepEqual(service.complaints, []);
});

Deno.test("promise 5: of a removal and a send in one batch, the later one loses", async (t) => {
  await using service = await testApp();
  const [ann, bob] = await people(service.url, 2) as [Person, Person];
  const messages = messageTable((rows) =>
    Promise.resolve(
      rows.map((row) => ({ ...row, content: null, forwardedFrom: null })),
    )
  );
  const seal = () =>
    Promise.resolve(() => ({ keyVersion: 1, sealed: new Uint8Array(40) }));

  for (const first of ["the removal", "the send"] as const) {
    await t.step(`${first} comes first`, async () => {
      const chatId = await groupOf(ann, bob);
      const send = sendMessage(messages, seal, {
        chatId,
        messageId: crypto.randomUUID() as MessageId,
        senderId: bob.userId,
        replyTo: undefined,
      }, text("Last words"));
      await send.prepare!();
      const removal = removeMember(
        silent(chatId),
        chatId,
        ann.userId,
        bob.userId,
        [],
      );
      const batch: Command<unknown>[] = first === "the removal"
        ? [removal, send]
        : [send, removal];
      const { settled } = await commitBatch(
        service.db.database,
        batch,
        new Date(),
      );
      const outcome = settled[batch.indexOf(send)]!;
      if (first === "the send") assert.ok("reply" in outcome);
      else {assert.equal(
          (outcome as { error: Problem }).error.code,
          "not_found",
        );}
      const { body } = await ann.call<{ items: unknown[] }>(
        "GET",
        `/chats/${chatId}/messages`,
      );
      assert.equal(body.items.length, first === "the send" ? 2 : 1);
    });
  }
});
