/** What others see of a deletion, through the front door. */
import assert from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import type { Session, User } from "../../src/protocol/accounts.ts";
import type { Member } from "../../src/protocol/chats.ts";
import type { ChatId, UserId } from "../../src/protocol/ids.ts";
import type { History, MessageStatus } from "../../src/protocol/messages.ts";
import type { List } from "../../src/protocol/page.ts";
import type { ChatItem } from "../../src/protocol/sync.ts";
import { accepted, refused } from "../support/answers.ts";
import { anotherIsolate, testApp } from "../support/app.ts";
import { freshRead, gapless } from "../support/fresh_read.ts";
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
import { refusal, say, textIn } from "../support/say.ts";
import { departed } from "./departed.ts";

const placeholderOf = (userId: UserId): User => ({
  userId,
  username: null,
  displayName: "Deleted account",
  about: "",
});

const remove = (person: Person) => person.call("DELETE", "/me", { password });

async function anotherDevice({ url, username }: Person): Promise<Person> {
  const body = { login: username, password };
  return personOf(
    url,
    accepted(await call<Session>(url, "POST", "/auth/login", { body })),
  );
}

async function people(
  url: string,
  ...names: string[]
): Promise<Person[]> {
  const made: Person[] = [];
  for (const name of names) made.push(await newPerson(url, name));
  return made;
}

const membersOf = async (by: Person, chatId: ChatId) =>
  accepted(await by.call<List<Member>>("GET", `/chats/${chatId}/members`))
    .items;

Deno.test("all that others have of a deleted person stays, under a placeholder", async (t) => {
  await using service = await testApp();
  const [ann, bob, cleo] = await people(service.url, "a", "b", "c") as [
    Person,
    Person,
    Person,
  ];
  const placeholder = placeholderOf(ann.userId);
  const direct = await directChat(ann, bob);
  const group = await groupOf(ann, bob, cleo);
  const alone = await groupOf(ann);
  await using phone = await ann.connect();
  const tablet = await anotherDevice(ann);
  await using tabletLine = await tablet.connect();
  await using bobs = await bob.connect();
  accepted(await bob.call("GET", `/users/${ann.userId}/last-seen`));
  await bobs.ask({ type: "watch", userIds: [ann.userId] });
  const { messageId } = await say(phone, direct, "To bob");
  await say(phone, group, "To all");
  await say(bobs, direct, "To ann");
  const react = { type: "react", chatId: direct, messageId, emoji: "👍" };
  assert.equal(await refusal(phone.ask(react)), undefined);

  assert.equal((await remove(ann)).status, 204);

  await t.step("her connections are closed, and her tokens void", async () => {
    for (const line of [phone, tabletLine]) {
      assert.equal((await line.closed).code, 4401);
    }
    for (const device of [ann, tablet]) {
      refused(await device.call("GET", "/me"), "token_revoked");
      await assert.rejects(device.connect(), /token_revoked/);
    }
  });

  await t.step("every chat is told, with the placeholder", async () => {
    for (const chatId of [direct, group]) {
      const { member, memberCount } = await bobs.heard(
        "member.left",
        (event) => event.chatId === chatId,
      );
      assert.deepEqual(member.user, placeholder);
      assert.equal(memberCount, chatId === direct ? 1 : 2);
    }
  });
  await departed(service, ann.userId);

  await t.step("the group is inherited", async () => {
    const heir = await bobs.heard("member.updated");
    assert.deepEqual([heir.member.userId, heir.member.role], [
      bob.userId,
      "owner",
    ]);
    const members = await membersOf(cleo, group);
    assert.deepEqual(
      members.map(({ userId, role }) => [userId, role]),
      [[bob.userId, "owner"], [cleo.userId, "member"]],
    );
    accepted(await bob.call("PATCH", `/chats/${group}`, { title: "Bob's" }));
  });

  await t.step("the direct chat keeps its history", async () => {
    const item = accepted(
      await bob.call<ChatItem>("GET", `/chats/${direct}`),
    );
    assert.deepEqual(item.peer, placeholder);
    const { items } = accepted(
      await bob.call<History>("GET", `/chats/${direct}/messages`),
    );
    assert.deepEqual(
      items.map(({ senderId, content, reactions }) => [
        senderId,
        textIn(content),
        reactions.map(({ emoji, count }) => `${emoji}${count}`),
      ]),
      [[ann.userId, "To bob", ["👍1"]], [bob.userId, "To ann", []]],
    );
    const picture = await freshRead(bob, direct);
    gapless(picture);
    assert.deepEqual(picture.members.get(ann.userId)?.user, placeholder);
    const status = accepted(
      await bob.call<MessageStatus>(
        "GET",
        `/chats/${direct}/messages/${items[1]!.messageId}/status`,
      ),
    );
    assert.deepEqual(status, { status: "sent", members: [] });
  });

  await t.step("nobody can write to her any more", async () => {
    const send = { content: { type: "text", text: "Still there?" } };
    refused(
      await bob.call("POST", `/chats/${direct}/messages`, send),
      "forbidden",
    );
    assert.equal(
      await refusal(bobs.ask({
        type: "send",
        chatId: direct,
        messageId: crypto.randomUUID(),
        ...send,
      })),
      "forbidden",
    );
    // To open what there is with her is to read it.
    const again = { kind: "direct", memberIds: [ann.userId] };
    const opened = await bob.call<ChatItem>("POST", "/chats", again);
    assert.equal(accepted(opened).chatId, direct);
    refused(await cleo.call("POST", "/chats", again), "not_found");
    const withHer = { ...again, kind: "group", title: "With her" };
    refused(await bob.call("POST", "/chats", withHer), "not_found");
    refused(
      await bob.call("POST", `/chats/${group}/members`, {
        userIds: [ann.userId],
      }),
      "not_found",
    );
    await say(bobs, group, "Among ourselves");
  });

  await t.step("nobody sees when she was here", async () => {
    refused(
      await bob.call("GET", `/users/${ann.userId}/last-seen`),
      "not_found",
    );
    const reply = await bobs.ask({ type: "watch", userIds: [ann.userId] });
    assert.ok(reply.ok);
    assert.deepEqual(reply.data, {
      presence: [{ userId: ann.userId, online: false, lastSeenAt: null }],
    });
  });

  await t.step("a chat with nobody left in it has ended", async () => {
    const [[row], keys] = await service.db.database.run(
      sql<{ deletedAt: Date | null }>`select deleted_at from chats
        where chat_id = ${alone}::uuid`,
      sql`select 1 from chat_keys where chat_id = ${alone}::uuid`,
    );
    assert.ok(row!.deletedAt);
    assert.equal(keys.length, 0);
  });

  await t.step("when both are gone, so is their chat", async () => {
    assert.equal((await remove(bob)).status, 204);
    await departed(service, bob.userId);
    const [keys] = await service.db.database.run(
      sql`select 1 from chat_keys where chat_id = ${direct}::uuid`,
    );
    assert.equal(keys.length, 0);
    assert.deepEqual(
      (await membersOf(cleo, group)).map(({ userId, role }) => [userId, role]),
      [[cleo.userId, "owner"]],
    );
  });
  assert.deepEqual(service.complaints, []);
});

Deno.test("an isolate that hears nothing from the others closes a deleted account's connections", async () => {
  await using service = await testApp();
  // Its local relay knows nothing of the first one's: only the sweep tells.
  await using deaf = await anotherIsolate(service, { SWEEP_MS: "200" });
  const ann = await newPerson(service.url);
  const tablet = await anotherDevice({ ...ann, url: deaf.url });
  await using line = await tablet.connect();
  assert.equal((await remove(ann)).status, 204);
  assert.equal((await line.closed).code, 4401);
  refused(await tablet.call("GET", "/me"), "token_revoked");
});

Deno.test("messages sent while the account is deleted are stored and told of, or refused", async () => {
  await using service = await testApp();
  const [ann, bob] = await people(service.url, "a", "b") as [Person, Person];
  const [direct, group] = [await directChat(ann, bob), await groupOf(bob, ann)];
  const devices = await Promise.all([1, 2, 3].map(() => anotherDevice(ann)));
  const lines = await Promise.all(devices.map((device) => device.connect()));
  await using bobs = await bob.connect();
  const stored = new Map<ChatId, number[]>([[direct, []], [group, []]]);
  let sending = true;

  async function talk(line: Line, chatId: ChatId) {
    for (let n = 0; sending && n < 2000; n++) {
      const sent = await say(line, chatId, `${n}`).catch(() => undefined);
      if (!sent) return;
      stored.get(chatId)!.push(sent.seq);
    }
  }
  const talking = Promise.all(
    lines.flatMap((line) => [talk(line, direct), talk(line, group)]),
  );
  await bobs.heard("message.created", ({ message }) => message.seq > 10);
  assert.equal((await remove(ann)).status, 204);
  for (const line of lines) assert.equal((await line.closed).code, 4401);
  sending = false;
  await talking;
  await departed(service, ann.userId);

  for (const [chatId, seqs] of stored) {
    const messages = gapless(await freshRead(bob, chatId));
    const kept = messages.map(({ seq }) => seq);
    assert.ok(seqs.length > 0);
    assert.deepEqual(seqs.filter((seq) => !kept.includes(seq)), []);
    const last = messages.at(-1)!;
    await bobs.heard(
      "message.created",
      ({ message }) => message.chatId === chatId && message.seq === last.seq,
    );
  }
  assert.deepEqual(service.complaints, []);
});
