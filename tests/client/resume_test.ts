import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { eventually, settle } from "./eventually.ts";
import { type FakeConnection, userId, welcomeOf } from "./fake_service.ts";
import { chatId, ModelChat } from "./model_chat.ts";
import { serveChats } from "./serve_chat.ts";
import { heard, setStage, type Stage } from "./stage.ts";

const me = userId(1);
const bea = userId(2);

function aChat(n: number, messages = 0) {
  const chat = new ModelChat(chatId(n), [me, bea]);
  for (let i = 1; i <= messages; i++) chat.send(bea, `${n}.${i}`);
  return chat;
}

async function cut(stage: Stage, connection: FakeConnection) {
  connection.close(1001);
  await eventually("offline", () => stage.client.connection === "offline");
  stage.clock.advance(60_000);
}

const asked = (connection: FakeConnection) =>
  connection.frames.filter((frame) => frame.type === "changes");

Deno.test("after a loss, only chats that have moved are caught up, and what was missed is told", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  const chats = [aChat(1, 3), aChat(2, 3)];
  serveChats(service, chats);
  const first = await stage.live({ chats: chats.map((c) => c.head(me)) });
  const messages = heard(client, "message");
  await cut(stage, first);
  chats[0]!.send(bea, "while away");
  const second = await service.welcomed({
    chats: chats.map((c) => c.head(me)),
  });
  await eventually("the message", () => messages.length === 1);
  equal(messages[0]!.isLive, false);
  deepEqual(messages[0]!.message, chats[0]!.seenBy(me).at(-1));
  deepEqual(asked(second).map((f) => f.chatId), [chats[0]!.chatId]);
});

Deno.test("what a second loss interrupts is not forgotten, though the next welcome does not name it", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  const chat = aChat(1);
  const first = await stage.live({ chats: [chat.head(me)] });
  const messages = heard(client, "message");
  await cut(stage, first);
  chat.send(bea, "while away");
  const second = await service.welcomed({ chats: [chat.head(me)] });
  await second.take("changes");
  await cut(stage, second);
  serveChats(service, [chat]);
  await service.welcomed({ chats: [], cursor: "cursor-2" });
  await eventually("the message", () => messages.length === 1);
});

Deno.test("a chat that came while the client was away is read, and its unread messages told", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  const first = await stage.live();
  const messages = heard(client, "message");
  await cut(stage, first);
  const chat = aChat(1, 3);
  chat.read(me, 1);
  serveChats(service, [chat]);
  await service.welcomed({ chats: [chat.head(me)] });
  await eventually("the chat", () => client.chatState(chat.chatId));
  deepEqual(messages.map((m) => [m.message.seq, m.isLive]), [[2, false], [
    3,
    false,
  ]]);
  deepEqual(client.chatState(chat.chatId)?.messages, chat.seenBy(me));
  deepEqual(client.chatState(chat.chatId)?.chat, chat.chat);
});

Deno.test("a chat that cannot be read yet is read at the next welcome", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  const first = await stage.live();
  await cut(stage, first);
  const chat = aChat(1, 1);
  let calls = 0;
  service.routes.set("GET /chats/:chatId", () => {
    calls++;
    return new Response("", { status: 502 });
  });
  const second = await service.welcomed({ chats: [chat.head(me)] });
  await eventually("a try", () => calls > 0);
  await cut(stage, second);
  serveChats(service, [chat]);
  await service.welcomed({ chats: [], cursor: "cursor-2" });
  await eventually("the chat", () => client.chatState(chat.chatId));
});

Deno.test("a chat made while live is known without another request", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  const connection = await stage.live();
  const chat = aChat(1);
  const created = heard(client, "chat.created");
  const messages = heard(client, "message");
  connection.send(
    {
      type: "chat.created",
      chatId: chat.chatId,
      rev: chat.rev,
      accountRev: 2,
      chat: chat.chat,
      role: "member",
      lastSeq: 0,
    },
    chat.send(bea, "hello"),
  );
  await eventually("the message", () => messages.length === 1);
  equal(created.length, 1);
  deepEqual(client.chatState(chat.chatId)?.messages, chat.seenBy(me));
  equal(client.chatState(chat.chatId)?.unread, 1);
  equal(service.calls.some((call) => call.startsWith("GET /chats")), false);
});

Deno.test("a chat's events that come before the chat wait for it", async () => {
  await using stage = setStage();
  const { client } = stage;
  const connection = await stage.live();
  const messages = heard(client, "message");
  const chat = aChat(1);
  const { rev } = chat;
  connection.send(chat.send(bea, "early"), {
    type: "chat.created",
    chatId: chat.chatId,
    rev,
    accountRev: 2,
    chat: chat.chat,
    role: "member",
    lastSeq: 0,
  });
  await eventually("the message", () => messages.length === 1);
  equal(messages[0]!.isLive, true);
});

Deno.test("a chat that is only heard of by its events is read after half a second", async () => {
  await using stage = setStage();
  const { client, service, clock } = stage;
  const connection = await stage.live();
  const messages = heard(client, "message");
  const chat = aChat(1);
  serveChats(service, [chat]);
  connection.send(chat.send(bea, "hello"));
  await eventually("a wait", () => clock.waiting().includes(500));
  equal(service.calls.includes(`GET /chats/${chat.chatId}`), false);
  clock.advance(500);
  await eventually("the message", () => messages.length === 1);
  connection.send(chat.send(bea, "next"));
  await eventually("the next", () => messages.length === 2);
  deepEqual(messages.map((m) => m.isLive), [false, true]);
});

Deno.test("a chat that is gone is forgotten, whoever says so", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  const chats = [1, 2, 3, 4].map((n) => aChat(n));
  const first = await stage.live({ chats: chats.map((c) => c.head(me)) });
  const gone = heard(client, "change");
  const ids = chats.map((c) => c.chatId);
  first.send({ type: "chat.deleted", chatId: ids[0]!, rev: chats[0]!.rev + 1 });
  first.send({ type: "chat.deleted", chatId: ids[1]!, accountRev: 2 });
  await eventually("two gone", () => client.chatStates().length === 2);
  await cut(stage, first);
  chats[3]!.send(bea, "not for you");
  chats[3]!.leave(me);
  serveChats(service, chats);
  await service.welcomed({
    accountRev: 2,
    gone: [ids[2]!],
    chats: [chats[3]!.head(me)],
  });
  await eventually("all gone", () => client.chatStates().length === 0);
  const told = gone.filter((c) => c.cause === "gone").map((c) => c.chatId);
  deepEqual(told, ids);
});

Deno.test("account changes that were missed are read from the cursor before", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  const chat = aChat(1, 2);
  serveChats(service, [chat]);
  const first = await stage.live({
    accountRev: 5,
    cursor: "cursor-5",
    chats: [chat.head(me)],
  });
  await client.open(chat.chatId);
  const account = heard(client, "account");
  await cut(stage, first);
  const cursors: unknown[] = [];
  service.routes.set("GET /sync", ({ query }) => {
    cursors.push(query.get("cursor"));
    chat.hidden.add(1);
    return {
      cursor: "cursor-7",
      hasMore: false,
      epoch: "one",
      accountRev: 7,
      chats: [],
      gone: [],
      me: null,
      devices: [],
      contacts: [],
      contactsViewedRev: null,
      hidden: [{
        chatId: chat.chatId,
        seq: 1,
        messageId: chat.messages[0]!.message.messageId,
      }],
      votes: [],
      drafts: [],
    };
  });
  const second = await service.welcomed({ accountRev: 7, cursor: "cursor-6" });
  await eventually("the account", () => account.length === 1);
  deepEqual(cursors, ["cursor-5"]);
  deepEqual(client.chatState(chat.chatId)?.messages, chat.seenBy(me));
  await cut(stage, second);
  const third = await service.connection();
  equal((await third.take("hello")).cursor, "cursor-7");
});

Deno.test("a gap in the account's counter is read after half a second", async () => {
  await using stage = setStage();
  const { client, service, clock } = stage;
  const connection = await stage.live({ accountRev: 1 });
  const hidden = heard(client, "message.hidden");
  const page = {
    cursor: "cursor-3",
    hasMore: false,
    epoch: "one",
    accountRev: 3,
    chats: [],
    gone: [],
    me: null,
    devices: [],
    contacts: [],
    contactsViewedRev: null,
    hidden: [],
    votes: [],
    drafts: [],
  };
  service.routes.set("GET /sync", () => page);
  const message = { chatId: chatId(1), seq: 1, messageId: userId(7) as never };
  connection.send({ type: "message.hidden", accountRev: 3, ...message });
  await eventually("a wait", () => clock.waiting().includes(500));
  clock.advance(500);
  await eventually("the call", () => service.calls.includes("GET /sync"));
  await settle();
  connection.send({ type: "message.hidden", accountRev: 4, ...message });
  await eventually("the next", () => hidden.length === 1);
  equal(hidden[0]!.accountRev, 4);
});

Deno.test("another history of the service makes the client start from zero", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  const before = aChat(1, 5);
  serveChats(service, [before]);
  const first = await stage.live({ chats: [before.head(me)] });
  await client.open(before.chatId);
  equal(client.chatState(before.chatId)?.messages.length, 5);
  await cut(stage, first);

  const restored = aChat(1, 2);
  restored.epoch = "two";
  serveChats(service, [restored]);
  const second = await service.connection();
  const hello = await second.take("hello");
  equal(hello.cursor, "cursor-1");
  second.reply(hello, welcomeOf(me, { epoch: "two", chats: [] }));
  const third = await service.connection();
  const again = await third.take("hello");
  equal(again.cursor, undefined);
  third.reply(
    again,
    welcomeOf(me, { epoch: "two", chats: [restored.head(me)] }),
  );
  await eventually(
    "the open chat",
    () => client.chatState(restored.chatId)?.messages.length === 2,
  );
  equal(client.chatState(restored.chatId)?.rev, restored.rev);
  equal(client.connection, "live");
});

Deno.test("another history that shows in the changes does the same", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  const chat = aChat(1, 2);
  const first = await stage.live({ chats: [chat.head(me)] });
  first.send({
    type: "chat.behind",
    chatId: chat.chatId,
    rev: chat.rev + 1,
  });
  const frame = await first.take("changes");
  first.reply(frame, { ...chat.changes(0, 100, me), epoch: "two" });
  const second = await service.connection();
  const hello = await second.take("hello");
  equal(hello.cursor, undefined);
  const chats = [chat.head(me)];
  second.reply(hello, welcomeOf(me, { epoch: "two", chats }));
  await eventually("live", () => client.connection === "live");
  equal(client.chatState(chat.chatId)?.rev, chat.rev);
});

Deno.test("a cursor that the service does not know is left behind, and nothing else", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  const [kept, lost] = [aChat(1), aChat(2)];
  const first = await stage.live({ chats: [kept.head(me), lost.head(me)] });
  const messages = heard(client, "message");
  await cut(stage, first);
  kept.send(bea, "while away");
  const fresh = aChat(3, 1);
  serveChats(service, [kept, fresh]);
  const second = await service.connection();
  second.refuse(await second.take("hello"), "invalid_input");
  await eventually("offline", () => client.connection === "offline");
  stage.clock.advance(60_000);
  const third = await service.connection();
  const hello = await third.take("hello");
  equal(hello.cursor, undefined);
  const chats = [kept.head(me), fresh.head(me)];
  third.reply(hello, welcomeOf(me, { chats }));
  await eventually("the messages", () => messages.length === 2);
  const told = messages.map(({ chatId }) => chatId).sort();
  deepEqual(told, [kept.chatId, fresh.chatId]);
  equal(client.chatState(lost.chatId), undefined);
});

Deno.test("open() loads the chat, its members and its newest messages; older() the rest", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  const chat = aChat(1, 7);
  serveChats(service, [chat]);
  await stage.live({ chats: [chat.head(me)] });
  const opened = await client.open(chat.chatId, { messages: 3 });
  deepEqual(opened.chat, chat.chat);
  deepEqual([...opened.members.keys()], [me, bea]);
  deepEqual(opened.receipts, chat.receipts);
  deepEqual(opened.messages.map((m) => m.seq), [5, 6, 7]);
  equal(opened.from, 5);
  equal((await client.older(chat.chatId, { messages: 3 })).from, 2);
  const all = await client.older(chat.chatId, { messages: 3 });
  equal(all.from, 1);
  deepEqual(all.messages, chat.seenBy(me));
});

Deno.test("open() works without a connection, and for a chat not heard of before", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  const chat = aChat(1, 2);
  serveChats(service, [chat]);
  await client.login({ login: "ada", password: "correct horse" });
  deepEqual((await client.open(chat.chatId)).messages, chat.seenBy(me));
  await rejects(client.open(chatId(9)), { code: "not_found" });
  await rejects(client.older(chatId(9)), { code: "not_found" });
});

Deno.test("older messages stay when new ones come, up to what is kept beside them", async () => {
  await using stage = setStage({ keepMessages: 3 });
  const { client, service } = stage;
  const chat = aChat(1, 9);
  serveChats(service, [chat]);
  const connection = await stage.live({ chats: [chat.head(me)] });
  await client.open(chat.chatId, { messages: 2 });
  await client.older(chat.chatId, { messages: 2 });
  const seqs = () =>
    client.chatState(chat.chatId)!.messages.map((message) => message.seq);
  deepEqual(seqs(), [6, 7, 8, 9]);
  const messages = heard(client, "message");
  for (let i = 0; i < 5; i++) connection.send(chat.send(bea, "more"));
  await eventually("all", () => messages.length === 5);
  // Four that were loaded, three that are kept in any case.
  deepEqual(seqs(), [8, 9, 10, 11, 12, 13, 14]);
});

Deno.test("the receipts of an open chat are fresh after a loss, though its rev has not moved", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  const chat = aChat(1, 1);
  chat.send(me, "mine");
  serveChats(service, [chat]);
  const first = await stage.live({ chats: [chat.head(me)] });
  await client.open(chat.chatId);
  await cut(stage, first);
  chat.read(bea, 2);
  await service.welcomed({ chats: [] });
  const readBy = () =>
    client.chatState(chat.chatId)?.receipts.get(bea)?.readSeq;
  await eventually("the receipt", () => readBy() === 2);
});

Deno.test("a load that a loss interrupts is done at the next welcome", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  const chat = aChat(1, 2);
  const first = await stage.live({ chats: [chat.head(me)] });
  serveChats(service, [chat]);
  const answers = Promise.withResolvers<void>();
  service.routes.set("GET /chats/:chatId/messages", () => answers.promise);
  const opened = rejects(client.open(chat.chatId), { code: "unavailable" });
  await eventually(
    "the call",
    () => service.calls.some((call) => call.endsWith("/messages")),
  );
  await cut(stage, first);
  await opened;
  answers.resolve();
  serveChats(service, [chat]);
  await service.welcomed({ chats: [chat.head(me)] });
  await eventually(
    "the messages",
    () => client.chatState(chat.chatId)?.messages.length === 2,
  );
  ok(client.chatState(chat.chatId)?.members.has(bea));
});
