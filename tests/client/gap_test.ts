import { deepEqual, equal } from "node:assert/strict";
import type { UserId } from "../../src/protocol/ids.ts";
import { eventually, settle } from "./eventually.ts";
import { type FakeConnection, userId } from "./fake_service.ts";
import { chatId, ModelChat } from "./model_chat.ts";
import { heard, setStage, type Stage } from "./stage.ts";

const me = userId(1);
const bea = userId(2);

/** A live client that knows one chat, empty but for its two members. */
async function inChat(stage: Stage) {
  const chat = new ModelChat(chatId(1), [me, bea]);
  const connection = await stage.live({ chats: [chat.head(me)] });
  return {
    chat,
    connection,
    state: () => stage.client.chatState(chat.chatId)!,
  };
}

/** Returns once the client has handled everything that was sent before. */
async function handled(stage: Stage, connection: FakeConnection) {
  const marks = heard(stage.client, "typing");
  connection.send({
    type: "typing",
    chatId: chatId(99),
    userId: bea,
    active: true,
  });
  await eventually("the mark", () => marks.length > 0);
}

const revs = (events: readonly { rev: number }[]) => events.map((e) => e.rev);

Deno.test("events are applied in the order of their rev, each once", async () => {
  await using stage = setStage();
  const { chat, connection, state } = await inChat(stage);
  const created = heard(stage.client, "message.created");
  const messages = heard(stage.client, "message");
  const [a, b, c] = ["a", "b", "c"].map((text) => chat.send(bea, text));
  connection.send(a!, c!, a!, b!, b!, c!);
  await handled(stage, connection);
  deepEqual(revs(created), [3, 4, 5]);
  deepEqual(messages.map((m) => [m.message.seq, m.isLive]), [
    [1, true],
    [2, true],
    [3, true],
  ]);
  deepEqual(state().messages, chat.seenBy(me));
  equal(state().unread, 3);
});

Deno.test("a late event is waited for half a second, then the changes are asked for", async () => {
  await using stage = setStage();
  const { chat, connection, state } = await inChat(stage);
  const created = heard(stage.client, "message.created");
  const messages = heard(stage.client, "message");
  chat.send(bea, "lost");
  connection.send(chat.send(bea, "found"));
  await handled(stage, connection);
  stage.clock.advance(499);
  await settle();
  equal(connection.frames.some(({ type }) => type === "changes"), false);
  stage.clock.advance(1);
  const asked = await connection.take("changes");
  deepEqual([asked.chatId, asked.since], [chat.chatId, 2]);
  connection.reply(asked, chat.changes(2, 100, me));
  await eventually("both", () => messages.length === 2);
  deepEqual(messages.map((m) => [m.message.seq, m.isLive]), [
    [1, false],
    [2, false],
  ]);
  deepEqual(created, []);
  deepEqual(state().messages, chat.seenBy(me));
});

Deno.test("an event that comes late after all is not asked for", async () => {
  await using stage = setStage();
  const { chat, connection, state } = await inChat(stage);
  const [late, early] = [chat.send(bea, "one"), chat.send(bea, "two")];
  connection.send(early);
  await handled(stage, connection);
  stage.clock.advance(400);
  connection.send(late);
  await handled(stage, connection);
  stage.clock.advance(10_000);
  await settle();
  equal(connection.frames.some(({ type }) => type === "changes"), false);
  deepEqual(state().messages, chat.seenBy(me));
});

Deno.test("changes are asked for page by page, and events wait meanwhile", async () => {
  await using stage = setStage();
  const { chat, connection, state } = await inChat(stage);
  const created = heard(stage.client, "message.created");
  for (let i = 0; i < 5; i++) chat.send(bea, `missed ${i}`);
  chat.edit(1, "edited after all the others");
  connection.send({ type: "chat.behind", chatId: chat.chatId, rev: chat.rev });
  const first = await connection.take("changes");
  equal(first.since, 2);
  const page = chat.changes(2, 2, me);
  equal(page.hasMore, true);
  const live = chat.send(bea, "live meanwhile");
  connection.send(live);
  await handled(stage, connection);
  connection.reply(first, page);
  const second = await connection.take("changes");
  equal(second.since, page.to);
  connection.reply(second, chat.changes(page.to, 100, me));
  await eventually("all", () => state().rev === chat.rev);
  deepEqual(state().messages, chat.seenBy(me));
  deepEqual(created, []);
  const next = chat.send(bea, "next");
  connection.send(next);
  await handled(stage, connection);
  deepEqual(revs(created), [chat.rev]);
});

Deno.test("each missed message is told once, whatever page its last change is on", async () => {
  await using stage = setStage({ keepMessages: 3 });
  const { chat, connection, state } = await inChat(stage);
  const messages = heard(stage.client, "message");
  for (let i = 0; i < 6; i++) chat.send(bea, `missed ${i}`);
  chat.edit(1, "on the last page now");
  stage.service.answer = (frame, to) => {
    if (frame.type === "changes") {
      to.reply(frame, chat.changes(frame.since, 2, me));
    }
  };
  connection.send({ type: "chat.behind", chatId: chat.chatId, rev: chat.rev });
  await eventually("all", () => state().rev === chat.rev);
  const told = messages.map((m) => m.message.seq).sort();
  deepEqual(told, [1, 2, 3, 4, 5, 6]);
  deepEqual(state().messages.map((m) => m.seq), [4, 5, 6]);
});

Deno.test("a missed message that changes while the pages come is told once", async () => {
  await using stage = setStage();
  const { chat, connection, state } = await inChat(stage);
  const messages = heard(stage.client, "message");
  for (let i = 0; i < 4; i++) chat.send(bea, `missed ${i}`);
  connection.send({ type: "chat.behind", chatId: chat.chatId, rev: chat.rev });
  const first = await connection.take("changes");
  connection.reply(first, chat.changes(first.since, 2, me));
  const second = await connection.take("changes");
  chat.edit(1, "changed in between");
  connection.reply(second, chat.changes(second.since, 100, me));
  await eventually("all", () => state().rev === chat.rev);
  deepEqual(messages.map((m) => m.message.seq), [1, 2, 3, 4]);
  deepEqual(state().messages, chat.seenBy(me));
});

Deno.test("while the service is away, changes are asked for again", async () => {
  await using stage = setStage();
  const { chat, connection, state } = await inChat(stage);
  chat.send(bea, "missed");
  connection.send({ type: "chat.behind", chatId: chat.chatId, rev: chat.rev });
  connection.refuse(await connection.take("changes"), "unavailable", 700);
  // The hint, and half of the 500 ms that the first wait may take.
  await eventually("a wait", () => stage.clock.waiting().includes(950));
  stage.clock.advance(950);
  const again = await connection.take("changes");
  connection.reply(again, chat.changes(again.since, 100, me));
  await eventually("caught up", () => state().rev === chat.rev);
});

Deno.test("an answer from before the change is no reason to ask at once again", async () => {
  await using stage = setStage();
  const { chat, connection, state } = await inChat(stage);
  const early = chat.changes(2, 100, me);
  chat.send(bea, "missed");
  connection.send({ type: "chat.behind", chatId: chat.chatId, rev: chat.rev });
  connection.reply(await connection.take("changes"), early);
  await eventually("a wait", () => stage.clock.waiting().includes(500));
  stage.clock.advance(500);
  const again = await connection.take("changes");
  connection.reply(again, chat.changes(again.since, 100, me));
  await eventually("caught up", () => state().rev === chat.rev);
});

Deno.test("a reply counts towards the message it answers", async () => {
  await using stage = setStage();
  const { chat, connection, state } = await inChat(stage);
  connection.send(chat.send(bea, "question"), chat.send(me, "answer", 1));
  await handled(stage, connection);
  deepEqual(state().messages, chat.seenBy(me));
  equal(state().messages[0]?.replyCount, 1);
  equal(state().messages[0]?.rev, 4);
});

Deno.test("whose reaction it is follows from who did it", async () => {
  await using stage = setStage();
  const { chat, connection, state } = await inChat(stage);
  connection.send(
    chat.send(bea, "look"),
    chat.react(1, bea, "👍"),
    chat.react(1, me, "👍"),
    chat.react(1, me, "🎉"),
    chat.react(1, bea, "👍"),
  );
  await handled(stage, connection);
  deepEqual(state().messages[0]?.reactions, [
    { emoji: "👍", count: 1, mine: true },
    { emoji: "🎉", count: 1, mine: true },
  ]);
  connection.send(chat.react(1, bea, "🎉"), chat.react(1, me, "🎉"));
  await handled(stage, connection);
  deepEqual(state().messages, chat.seenBy(me));
  equal(state().messages[0]?.reactions[1]?.mine, false);
  connection.send(chat.react(1, me, "👍"), chat.deleteForAll(1));
  await handled(stage, connection);
  deepEqual(state().messages, chat.seenBy(me));
});

Deno.test("sending reads what came before", async () => {
  await using stage = setStage();
  const { chat, connection, state } = await inChat(stage);
  connection.send(chat.send(bea, "one"), chat.send(me, "two"));
  await handled(stage, connection);
  deepEqual([state().readSeq, state().deliveredSeq, state().unread], [2, 2, 0]);
  deepEqual(state().receipts, chat.receipts);
  connection.send(chat.send(bea, "three"), chat.read(bea, 3));
  await handled(stage, connection);
  equal(state().unread, 1);
  deepEqual(state().receipts, chat.receipts);
});

Deno.test("a message deleted for the caller goes, and stays gone when it changes", async () => {
  await using stage = setStage();
  const { chat, connection, state } = await inChat(stage);
  connection.send(chat.send(bea, "one"), chat.send(bea, "two"));
  connection.send({
    type: "message.hidden",
    accountRev: 2,
    chatId: chat.chatId,
    seq: 1,
    messageId: chat.messages[0]!.message.messageId,
  });
  connection.send(chat.react(1, bea, "👍"));
  await handled(stage, connection);
  deepEqual(state().messages, chat.seenBy(me).slice(1));
  equal(state().rev, chat.rev);
});

Deno.test("a message that was hidden before it came is not told", async () => {
  await using stage = setStage();
  const { chat, connection, state } = await inChat(stage);
  const messages = heard(stage.client, "message");
  const event = chat.send(bea, "one");
  connection.send({
    type: "message.hidden",
    accountRev: 2,
    chatId: chat.chatId,
    seq: 1,
    messageId: chat.messages[0]!.message.messageId,
  }, event);
  await handled(stage, connection);
  deepEqual(messages, []);
  deepEqual(state().messages, []);
  equal(state().lastSeq, 1);
});

Deno.test("members and the chat's own facts follow", async () => {
  await using stage = setStage();
  const { chat, connection, state } = await inChat(stage);
  const cyd: UserId = userId(3);
  connection.send(
    chat.rename("New name"),
    chat.join(cyd),
    chat.setRole(cyd, "admin"),
    chat.leave(bea),
  );
  await handled(stage, connection);
  deepEqual(state().chat, chat.chat);
  deepEqual(state().members.get(cyd), chat.members.get(cyd));
  deepEqual(state().members.get(bea), chat.members.get(bea));
});

Deno.test("a listener that throws is reported and stops nothing", async () => {
  await using stage = setStage();
  const { chat, connection, state } = await inChat(stage);
  stage.client.on("message", () => {
    throw new Error("a bug of the application");
  });
  connection.send(chat.send(bea, "one"), chat.send(bea, "two"));
  await handled(stage, connection);
  equal(state().rev, chat.rev);
  equal(stage.faults.splice(0).length, 2);
});

Deno.test("a listener is taken off by what on() returned, and by its signal", async () => {
  await using stage = setStage();
  const { chat, connection } = await inChat(stage);
  const seen: number[] = [];
  const controller = new AbortController();
  const off = stage.client.on("message", () => seen.push(1));
  stage.client.on("message", () => seen.push(2), {
    signal: controller.signal,
  });
  connection.send(chat.send(bea, "both"));
  await handled(stage, connection);
  off();
  connection.send(chat.send(bea, "one"));
  await handled(stage, connection);
  controller.abort();
  connection.send(chat.send(bea, "none"));
  await handled(stage, connection);
  deepEqual(seen, [1, 2, 2]);
});

Deno.test("an event type of a newer service does no harm", async () => {
  await using stage = setStage();
  const { chat, connection, state } = await inChat(stage);
  connection.raw(JSON.stringify({ type: "moon.phase", chatId: chat.chatId }));
  connection.raw(JSON.stringify({ type: "sun.rise" }));
  connection.send(chat.send(bea, "one"));
  await handled(stage, connection);
  equal(state().rev, chat.rev);
});
