import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { memoryOutboxStore, newMessageId } from "../../src/client/mod.ts";
import type { ClientFrameOf, SendReply } from "../../src/protocol/frames.ts";
import type { MessageId } from "../../src/protocol/ids.ts";
import { Problem } from "../../src/protocol/problem.ts";
import { eventually, settle } from "./eventually.ts";
import { type FakeConnection, userId } from "./fake_service.ts";
import { chatId } from "./model_chat.ts";
import { heard, setStage } from "./stage.ts";

const chat = chatId(1);
const login = { login: "ada", password: "correct horse" };

const stored = (messageId: string, seq: number, duplicate = false) => ({
  messageId: messageId as MessageId,
  seq,
  rev: seq + 2,
  createdAt: new Date(0).toISOString(),
  duplicate,
} satisfies SendReply);

const textOf = ({ content }: Pick<ClientFrameOf<"send">, "content">) =>
  content?.type === "text" ? content.text : undefined;
const sends = (connection: FakeConnection) =>
  connection.frames.filter((frame) => frame.type === "send");

Deno.test("send() resolves with where the message came to stand", async () => {
  await using stage = setStage();
  const connection = await stage.live();
  const sent = stage.client.send(chat, "hello");
  const frame = await connection.take("send");
  deepEqual(frame.content, { type: "text", text: "hello" });
  ok(/^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(frame.messageId));
  deepEqual(stage.client.unconfirmed(chat).map((e) => e.messageId), [
    frame.messageId,
  ]);
  const reply = stored(frame.messageId, 1);
  connection.reply(frame, reply);
  deepEqual(await sent, reply);
  deepEqual(stage.client.unconfirmed(), []);
});

Deno.test("what was on its way when the connection broke is sent again under the same id", async () => {
  await using stage = setStage();
  const first = await stage.live();
  const sent = stage.client.send(chat, "hello");
  const before = await first.take("send");
  first.close(1001);
  await eventually("offline", () => stage.client.connection === "offline");
  stage.clock.advance(500);
  const second = await stage.service.welcomed();
  const again = await second.take("send");
  equal(again.messageId, before.messageId);
  second.reply(again, stored(again.messageId, 1, true));
  equal((await sent).duplicate, true);
});

Deno.test("a message that nobody answers is sent again after ten seconds", async () => {
  await using stage = setStage();
  const connection = await stage.live();
  const sent = stage.client.send(chat, "hello");
  const first = await connection.take("send");
  stage.clock.advance(10_000);
  await eventually("a wait", () => stage.clock.waiting().includes(125));
  stage.clock.advance(125);
  const again = await connection.take("send");
  equal(again.messageId, first.messageId);
  connection.reply(again, stored(again.messageId, 1));
  await sent;
});

Deno.test("messages of one chat keep their order whatever fails, those of others go on", async () => {
  await using stage = setStage();
  const { client, clock } = stage;
  const connection = await stage.live();
  const other = chatId(2);
  const all = [
    client.send(chat, "one"),
    client.send(chat, "two"),
    client.send(other, "elsewhere"),
  ];
  const one = await connection.take("send");
  const elsewhere = await connection.take("send");
  deepEqual([textOf(one), textOf(elsewhere)], ["one", "elsewhere"]);
  connection.refuse(one, "unavailable", 100);
  connection.reply(elsewhere, stored(elsewhere.messageId, 1));
  // The hint, and half of the 250 ms that the first wait may take.
  await eventually("a wait", () => clock.waiting().includes(225));
  equal(sends(connection).length, 2);
  clock.advance(225);
  const again = await connection.take("send");
  equal(textOf(again), "one");
  connection.reply(again, stored(again.messageId, 1));
  const two = await connection.take("send");
  equal(textOf(two), "two");
  connection.reply(two, stored(two.messageId, 2));
  deepEqual((await Promise.all(all)).map((reply) => reply.seq), [1, 2, 1]);
});

Deno.test("a message the service refuses is given up, and the next one goes", async () => {
  await using stage = setStage();
  const { client } = stage;
  const connection = await stage.live();
  const refused = client.send(chat, "one");
  const next = client.send(chat, "two");
  connection.refuse(await connection.take("send"), "forbidden");
  await rejects(refused, { code: "forbidden" });
  const two = await connection.take("send");
  connection.reply(two, stored(two.messageId, 1));
  await next;
});

Deno.test("a fault of the service that does not pass holds nothing up for ever", async () => {
  await using stage = setStage();
  const connection = await stage.live();
  const sent = stage.client.send(chat, "poison");
  const outcome = rejects(sent, { code: "internal" });
  for (let tries = 1; tries <= 5; tries++) {
    connection.refuse(await connection.take("send"), "internal");
    await settle(5);
    stage.clock.advance(8_000);
  }
  await outcome;
});

Deno.test("what was sent without a connection goes once there is one", async () => {
  await using stage = setStage();
  const first = await stage.live();
  first.close(1001);
  await eventually("offline", () => stage.client.connection === "offline");
  const sent = stage.client.send(chat, "later");
  await settle();
  stage.clock.advance(500);
  const second = await stage.service.welcomed();
  const frame = await second.take("send");
  second.reply(frame, stored(frame.messageId, 1));
  await sent;
});

Deno.test("a client that never connects sends over REST", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  await client.login(login);
  const bodies: { messageId: string }[] = [];
  service.routes.set("POST /chats/:chatId/messages", ({ body }) => {
    bodies.push(body);
    if (bodies.length === 1) throw new Problem("unavailable");
    return { ...stored(body.messageId, 4), content: body.content };
  });
  const sent = client.send(chat, "by post");
  await eventually("a wait", () => stage.clock.waiting().includes(125));
  stage.clock.advance(125);
  deepEqual(await sent, stored(bodies[0]!.messageId, 4));
  equal(bodies[0]!.messageId, bodies[1]!.messageId);
});

Deno.test("a message too large for a frame goes over REST", async () => {
  await using stage = setStage();
  const connection = await stage.live();
  stage.service.routes.set(
    "POST /chats/:chatId/messages",
    ({ body }) => stored(body.messageId, 1),
  );
  // Each takes six bytes in JSON.
  await stage.client.send(chat, "\u0001".repeat(15_000));
  equal(sends(connection).length, 0);
});

Deno.test("content that the service would refuse does not cost the connection", async () => {
  await using stage = setStage();
  const connection = await stage.live();
  const lone = stage.client.send(chat, "\ud800");
  await rejects(lone, { code: "invalid_input" });
  await rejects(stage.client.send(chat, ""), { code: "invalid_input" });
  equal(sends(connection).length, 0);
  equal(stage.client.connection, "live");
});

Deno.test("an aborted send ends at once, in the queue and on its way", async () => {
  await using stage = setStage();
  const { client } = stage;
  const connection = await stage.live();
  const why = new Error("changed my mind");
  const [first, second] = [new AbortController(), new AbortController()];
  const one = client.send(chat, "one", { signal: first.signal });
  const two = client.send(chat, "two", { signal: second.signal });
  const last = client.send(chat, "three");
  await connection.take("send");
  second.abort(why);
  await rejects(two, why);
  deepEqual(client.unconfirmed().map((e) => textOf({ content: e.content })), [
    "one",
    "three",
  ]);
  first.abort(why);
  await rejects(one, why);
  const three = await connection.take("send");
  equal(textOf(three), "three");
  connection.reply(three, stored(three.messageId, 2));
  await last;
});

Deno.test("what one client left in the store is sent by the next, ahead of what is new", async () => {
  const outbox = memoryOutboxStore();
  const mine = {
    messageId: newMessageId(0),
    chatId: chat,
    content: { type: "text" as const, text: "left over" },
    senderId: userId(1),
  };
  await outbox.add(mine);
  await outbox.add({
    ...mine,
    messageId: newMessageId(0),
    senderId: userId(2),
  });
  await using stage = setStage({ storage: { outbox } });
  const settled = heard(stage.client, "settled");
  const connection = await stage.live();
  const sent = stage.client.send(chat, "new");
  const first = await connection.take("send");
  equal(first.messageId, mine.messageId);
  connection.reply(first, stored(first.messageId, 1));
  const second = await connection.take("send");
  equal(textOf(second), "new");
  connection.reply(second, stored(second.messageId, 2));
  await sent;
  equal(settled.length, 2);
  // The other person's is not this one's to send, nor to throw away.
  deepEqual((await outbox.load()).map((e) => e.senderId), [userId(2)]);
});

Deno.test("closing the client keeps what is unconfirmed, signing out does not", async () => {
  const outbox = memoryOutboxStore();
  await using stage = setStage({ storage: { outbox } });
  const { client } = stage;
  const connection = await stage.live();
  const sent = client.send(chat, "hello");
  sent.catch(() => {});
  await connection.take("send");
  await client[Symbol.asyncDispose]();
  await rejects(sent, { code: "unavailable" });
  equal((await outbox.load()).length, 1);

  const next = stage.another();
  await next.login(login);
  const connected = next.connect();
  const second = await stage.service.welcomed();
  await connected;
  await second.take("send");
  await next.logout();
  await eventually("the store to empty", () => next.unconfirmed().length === 0);
  await settle();
  deepEqual(await outbox.load(), []);
});

Deno.test("a device that is signed out by others keeps what it could not send", async () => {
  const outbox = memoryOutboxStore();
  await using stage = setStage({ storage: { outbox } });
  const connection = await stage.live();
  const sent = rejects(stage.client.send(chat, "hello"), {
    code: "token_revoked",
  });
  await connection.take("send");
  stage.service.routes.set("POST /auth/refresh", () => {
    throw new Problem("token_revoked");
  });
  connection.close(4401);
  await sent;
  equal((await outbox.load()).length, 1);
});

Deno.test("a store that fails is told of, and asked again", async () => {
  const outbox = memoryOutboxStore();
  const { load } = outbox;
  const broken = new Error("The disk is full");
  outbox.load = () => Promise.reject(broken);
  await using stage = setStage({ storage: { outbox } });
  const connection = await stage.live();
  await eventually("the fault", () => stage.faults.length === 1);
  equal(stage.faults.pop(), broken);
  await rejects(stage.client.send(chat, "hello"), broken);
  outbox.load = load;
  const sent = stage.client.send(chat, "hello");
  const frame = await connection.take("send");
  outbox.remove = () => Promise.reject(broken);
  connection.reply(frame, stored(frame.messageId, 1));
  await sent;
  equal(stage.faults.pop(), broken);
  outbox.add = () => Promise.reject(broken);
  await rejects(stage.client.send(chat, "more"), broken);
  equal(stage.faults.pop(), broken);
});

Deno.test("sends more at once where that is asked for", async () => {
  await using stage = setStage({ sendsPerChat: 2 });
  const { client } = stage;
  const connection = await stage.live();
  const all = ["one", "two", "three"].map((text) => client.send(chat, text));
  const one = await connection.take("send");
  const two = await connection.take("send");
  await settle();
  equal(sends(connection).length, 2);
  connection.reply(two, stored(two.messageId, 1));
  const three = await connection.take("send");
  connection.reply(one, stored(one.messageId, 2));
  connection.reply(three, stored(three.messageId, 3));
  await Promise.all(all);
});
