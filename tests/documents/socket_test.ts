import assert from "node:assert/strict";
import { Event } from "../../src/protocol/events.ts";
import { replyData } from "../../src/protocol/frames.ts";
import type { ChatId } from "../../src/protocol/ids.ts";
import { testApp } from "../support/app.ts";
import { directChat, groupOf, type Line, newPerson } from "../support/peer.ts";
import { frameChecker, readAsyncApi } from "./asyncapi.ts";
import { poll } from "./polls.ts";

Deno.test("what goes over a connection is as the AsyncAPI document has it", async () => {
  const check = frameChecker(await readAsyncApi());
  await using service = await testApp();
  const { url } = service;
  const ada = await newPerson(url);
  const grace = await newPerson(url);
  const joan = await newPerson(url);
  const asked = new Set<string>(["hello"]);
  await using line = await ada.connect();
  await using other = await grace.connect();
  const { welcome: data } = line;
  check("reply.hello", { type: "reply", id: 1, ok: true, data });

  async function ask(who: Line, frame: Parameters<Line["ask"]>[0]) {
    check(`request.${frame.type}`, { id: 1, ...frame });
    const reply = await who.ask(frame);
    assert.ok(reply.ok, JSON.stringify(reply));
    check(`reply.${frame.type}`, reply);
    asked.add(frame.type);
    return reply.data;
  }

  const direct = await directChat(ada, grace);
  const group = await groupOf(ada, grace);
  await other.heard("chat.created", ({ chatId }) => chatId === group);
  const frame = (
    type: string,
    more: object = {},
    chatId: ChatId = direct,
  ) => ({ type, chatId, ...more });
  const content = { type: "text", text: "Hello" };
  const messageId = crypto.randomUUID();

  await ask(line, frame("send", { messageId, content }));
  await ask(line, frame("edit", { messageId, content }));
  await ask(other, frame("react", { messageId, emoji: "👍" }));
  const ballot = crypto.randomUUID();
  await ask(line, frame("send", { messageId: ballot, content: poll }));
  await ask(line, frame("vote", { messageId: ballot, options: [0] }));
  await ask(line, frame("closePoll", { messageId: ballot }));
  await ask(other, frame("delivered", { seq: 1 }));
  await ask(other, frame("read", { seq: 1 }));
  await ask(other, frame("typing", { active: true }));
  await ask(line, { type: "watch", userIds: [grace.userId] });
  await ask(other, { type: "presence", state: "active" });
  await ask(line, frame("changes", { since: 0 }));
  const token = ada.session.accessToken;
  await ask(line, { type: "refresh", token });
  await ask(line, { type: "ping" });
  await ask(line, frame("delete", { messageId, for: "me" }));
  const refused = await line.ask(
    frame("read", { seq: 1 }, crypto.randomUUID() as ChatId),
  );
  check("reply.error", refused);

  const draft = { text: "Dear Grace" };
  await ada.call("PATCH", `/chats/${direct}/me`, { draft });
  await ada.call("POST", `/chats/${direct}/notifications/clear`);
  const { userId } = joan;
  await joan.call("POST", "/contacts/requests", { userId: ada.userId });
  await ada.call("POST", "/contacts/requests/viewed");
  await ada.call("PATCH", "/me", { about: "Thinks" });
  const { deviceId } = ada.session.device;
  await ada.call("PATCH", `/me/devices/${deviceId}`, { name: "Phone" });
  await ada.call("PATCH", `/chats/${group}`, { title: "Looms" });
  const members = `/chats/${group}/members`;
  await ada.call("POST", members, { userIds: [userId] });
  await ada.call("PATCH", `${members}/${userId}`, { role: "admin" });
  await ada.call("DELETE", `${members}/${userId}`);
  await other.heard("member.left");
  await ada.call("PATCH", `/chats/${group}`, {
    historyForNewcomers: "sinceJoining",
  });
  const old = await ada.call<{ messageId: string }>(
    "POST",
    `/chats/${group}/messages`,
    { content: { type: "text", text: "Before" } },
  );
  await ada.call("DELETE", `${members}/${grace.userId}`);
  await ada.call("POST", members, { userIds: [grace.userId] });
  await ada.call("PUT", `/chats/${group}/messages/${old.body.messageId}/pin`);
  await other.heard("chat.advanced");
  other.close();
  await line.heard("presence", ({ online }) => !online);
  const news = {
    kind: "channel",
    title: "N",
    visibility: "public",
    handle: "news",
  };
  const made = await ada.call<{ chatId: ChatId }>("POST", "/chats", news);
  const channel = `/chats/${made.body.chatId}`;
  await grace.call("POST", `${channel}/join`);
  await ada.call("PATCH", `${channel}/members/${grace.userId}`, {
    role: "owner",
  });
  await line.heard("membership.updated");
  await ada.call("DELETE", `/chats/${group}`);
  await line.heard("chat.deleted");
  await service.app.drain();
  await line.closed;

  const events = [...line.events, ...other.events];
  for (const event of events) check(event.type, event);
  assert.deepEqual([...asked].sort(), Object.keys(replyData).sort());
  const heard = new Set<string>(events.map(({ type }) => type));
  // They come only after something went missing.
  const rare = ["chat.behind", "account.behind"];
  assert.deepEqual(
    Event.options.map(({ shape }) => shape.type.value as string)
      .filter((type) => !heard.has(type) && !rare.includes(type)),
    [],
  );
});
