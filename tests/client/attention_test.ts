import { deepEqual, equal, rejects } from "node:assert/strict";
import { eventually, settle } from "./eventually.ts";
import { userId } from "./fake_service.ts";
import { chatId, ModelChat } from "./model_chat.ts";
import { heard, setStage } from "./stage.ts";

const me = userId(1);
const bea = userId(2);

Deno.test("what was delivered is acknowledged once for all that came within a moment", async () => {
  await using stage = setStage();
  const chat = new ModelChat(chatId(1), [me, bea]);
  const connection = await stage.live({ chats: [chat.head(me)] });
  const messages = heard(stage.client, "message");
  for (let i = 0; i < 3; i++) connection.send(chat.send(bea, "hello"));
  await eventually("all", () => messages.length === 3);
  stage.clock.advance(250);
  const ack = await connection.take("delivered");
  deepEqual([ack.chatId, ack.seq], [chat.chatId, 3]);
  stage.clock.advance(10_000);
  await settle();
  equal(connection.frames.filter((f) => f.type === "delivered").length, 1);
});

Deno.test("a first welcome with very many chats does not flood the service with acknowledgements", async () => {
  await using stage = setStage();
  const chats = Array.from({ length: 120 }, (_, n) => {
    const chat = new ModelChat(chatId(n), [me, bea]);
    chat.send(bea, "hello");
    return chat.head(me);
  });
  const connection = await stage.live({ chats });
  const acks = () =>
    connection.frames.filter((frame) => frame.type === "delivered").length;
  for (const count of [50, 100, 120]) {
    await eventually("a plan", () => stage.clock.waiting().includes(250));
    stage.clock.advance(250);
    await eventually("acknowledgements", () => acks() === count);
  }
});

Deno.test("an acknowledgement that was lost is made again after the loss", async () => {
  await using stage = setStage();
  const chat = new ModelChat(chatId(1), [me, bea]);
  const first = await stage.live({ chats: [chat.head(me)] });
  const messages = heard(stage.client, "message");
  first.send(chat.send(bea, "hello"));
  await eventually("the message", () => messages.length === 1);
  stage.clock.advance(250);
  await first.take("delivered");
  first.close(1001);
  await eventually("offline", () => stage.client.connection === "offline");
  stage.clock.advance(500);
  const second = await stage.service.welcomed({ chats: [chat.head(me)] });
  await eventually("a plan", () => stage.clock.waiting().includes(250));
  stage.clock.advance(250);
  equal((await second.take("delivered")).seq, 1);
});

Deno.test("nothing is acknowledged where that is switched off", async () => {
  await using stage = setStage({ acknowledge: false });
  const chat = new ModelChat(chatId(1), [me, bea]);
  const connection = await stage.live({ chats: [chat.head(me)] });
  const messages = heard(stage.client, "message");
  connection.send(chat.send(bea, "hello"));
  await eventually("the message", () => messages.length === 1);
  stage.clock.advance(10_000);
  await settle();
  equal(connection.frames.some((f) => f.type === "delivered"), false);
  const told = stage.client.delivered(chat.chatId, 1);
  const frame = await connection.take("delivered");
  equal(frame.seq, 1);
  await told;
});

Deno.test("whom a client watches, and whether anyone is there, is told again after a loss", async () => {
  await using stage = setStage();
  const { client, service, clock } = stage;
  const first = await stage.live();
  const online = { userId: bea, online: true, lastSeenAt: null };
  const watched = client.watch([bea]);
  first.reply(await first.take("watch"), { presence: [online] });
  deepEqual(await watched, [online]);
  const away = client.setPresence("away");
  first.reply(await first.take("presence"));
  await away;

  const presence = heard(client, "presence");
  first.close(1001);
  await eventually("offline", () => client.connection === "offline");
  clock.advance(500);
  const second = await service.welcomed();
  equal((await second.take("presence")).state, "away");
  const again = await second.take("watch");
  deepEqual(again.userIds, [bea]);
  second.reply(again, { presence: [{ ...online, online: false }] });
  await eventually("the news", () => presence.length === 1);
  equal(presence[0]!.online, false);
});

Deno.test("more people than the service allows cannot be watched", async () => {
  await using stage = setStage();
  await stage.live();
  const many = Array.from({ length: 501 }, (_, n) => userId(n));
  await rejects(stage.client.watch(many), { code: "invalid_input" });
});

Deno.test("typing is told while live, and dropped otherwise", async () => {
  await using stage = setStage();
  const { client } = stage;
  client.typing(chatId(1), true);
  const connection = await stage.live();
  client.typing(chatId(1), false);
  const frame = await connection.take("typing");
  deepEqual([frame.active, frame.id], [false, undefined]);
});

Deno.test("typing is over after a while without a word, or with the connection", async () => {
  await using stage = setStage();
  const { client, clock } = stage;
  const connection = await stage.live();
  const told = heard(client, "typing");
  const states = () => told.map(({ active }) => active);
  const type = async (active: boolean) => {
    const before = told.length;
    connection.send({
      type: "typing",
      chatId: chatId(1),
      userId: userId(2),
      active,
    });
    await eventually("the word", () => told.length > before);
  };

  await type(true);
  clock.advance(4000);
  await type(true);
  clock.advance(4000);
  deepEqual(states(), [true, true], "heard of again in time");
  clock.advance(2000);
  deepEqual(states(), [true, true, false]);
  deepEqual(told.at(-1)?.userId, userId(2));
  told.length = 0;

  await type(true);
  await type(false);
  clock.advance(10_000);
  deepEqual(states(), [true, false], "over once is over");
  told.length = 0;

  await type(true);
  client.disconnect();
  deepEqual(states(), [true, false]);
});

Deno.test("typing on is told now and then, and not with every key", async () => {
  await using stage = setStage();
  const { client, clock } = stage;
  const connection = await stage.live();
  const frames = () =>
    connection.frames.filter((frame) => frame.type === "typing").length;
  for (let key = 0; key < 100; key++) client.typing(chatId(1), true);
  client.typing(chatId(2), true);
  await eventually("each chat", () => frames() === 2);
  clock.advance(2500);
  for (let key = 0; key < 100; key++) client.typing(chatId(1), true);
  client.typing(chatId(1), false);
  client.typing(chatId(1), true);
  await eventually("the rest", () => frames() === 5);
  await settle();
  equal(frames(), 5);
});

Deno.test("reading is told over the link, and over REST without one", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  const connection = await stage.live();
  const read = client.read(chatId(1), 4);
  const frame = await connection.take("read");
  equal(frame.seq, 4);
  connection.reply(frame);
  await read;
  client.disconnect();
  const bodies: unknown[] = [];
  service.routes.set("POST /chats/:chatId/read", ({ body }) => {
    bodies.push(body);
  });
  await client.read(chatId(1), 5);
  deepEqual(bodies, [{ seq: 5 }]);
});

Deno.test("a burst of frames is stretched so that the service does not take it for flooding", async () => {
  await using stage = setStage();
  const { client, clock } = stage;
  const connection = await stage.live();
  const count = () =>
    connection.frames.filter((f) => f.type === "typing").length;
  for (let i = 0; i < 1_000; i++) client.typing(chatId(1), i % 2 === 0);
  await eventually("the burst", () => count() >= 798);
  await settle();
  const burst = count();
  clock.advance(100);
  await eventually(
    "what a tenth of a second allows",
    () => count() >= burst + 40,
  );
  await settle();
  equal(count(), burst + 40);
  clock.advance(1_000);
  await eventually("the rest", () => count() === 1_000);
});
