import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import {
  type ChatState,
  type ClientOptions,
  createClient,
  newMessageId,
  type ParleyClient,
} from "../../src/client/mod.ts";
import { Event } from "../../src/protocol/events.ts";
import { testApp } from "../support/app.ts";
import { freePort } from "../support/programs.ts";
import { serviceData, startService } from "../support/service.ts";
import { eventually } from "./eventually.ts";
import { heard } from "./stage.ts";
import { textIn } from "../support/say.ts";

const password = "correct horse battery";
const eventTypes = Event.options.map((option) => option.shape.type.value);

/** A person with an account, connected, whose every event is checked against its schema. */
async function person(
  url: string,
  username: string,
  options: Partial<ClientOptions> = {},
) {
  const client = createClient({ url, ...options });
  const me = await client.register({ username, password });
  for (const type of eventTypes) {
    client.on(type, (event) => void Event.parse(event));
  }
  const faults = heard(client, "error");
  await client.connect();
  return {
    client,
    userId: me.userId,
    [Symbol.asyncDispose]: async () => {
      await client[Symbol.asyncDispose]();
      deepEqual(faults, []);
    },
  };
}

/** What people said: null where it was deleted. */
const texts = (state: ChatState | undefined) =>
  (state?.messages ?? [])
    .filter(({ content }) => content?.type !== "system")
    .map(({ content }) => textIn(content));

/** What two clients must agree on. Cursors of one's own are one's own. */
const shared = (
  { rev, lastSeq, chat, messages, members, receipts }: ChatState,
) => ({
  rev,
  lastSeq,
  chat,
  messages: messages.map((message) => ({
    ...message,
    reactions: message.reactions.map(({ mine: _, ...counted }) => counted),
  })),
  members: [...members].sort(),
  receipts: [...receipts].sort(),
});

Deno.test("two people talk, and know how far their messages have come", async () => {
  await using service = await testApp();
  await using ada = await person(service.url, "ada");
  await using bea = await person(service.url, "bea");
  const memberIds = [bea.userId];
  const { chatId } = await ada.client.chats.create({
    kind: "direct",
    memberIds,
  });
  const came = heard(bea.client, "message");
  const sent = await ada.client.send(chatId, "hello");
  await eventually("hello", () => came.length === 1);
  equal(came[0]!.isLive, true);
  const receipt = () => ada.client.chatState(chatId)?.receipts.get(bea.userId);
  await eventually("delivery", () => receipt()?.deliveredSeq === 1);
  await bea.client.read(chatId, 1);
  await eventually("reading", () => receipt()?.readSeq === 1);
  const status = await ada.client.messages.status(chatId, sent.messageId);
  equal(status.status, "read");
  equal(bea.client.chatState(chatId)?.unread, 0);
  deepEqual(service.complaints, []);
});

Deno.test("whoever was away knows what whoever stayed knows", async () => {
  await using service = await testApp();
  await using ada = await person(service.url, "ada");
  await using bea = await person(service.url, "bea");
  await using cyd = await person(service.url, "cyd");
  const { chatId } = await ada.client.chats.create({
    kind: "group",
    title: "Before",
    memberIds: [bea.userId],
  });
  const first = await ada.client.send(chatId, "first");
  const second = await ada.client.send(chatId, "second");
  await bea.client.open(chatId);
  bea.client.disconnect();

  const { messages, chats } = ada.client;
  const third = await ada.client.send(chatId, "third", {
    replyTo: first.messageId,
  });
  const edited = { type: "text" as const, text: "second, edited" };
  await messages.edit(chatId, second.messageId, edited);
  await messages.react(chatId, first.messageId, "👍");
  await messages.pin(chatId, first.messageId);
  await messages.delete(chatId, third.messageId, "everyone");
  await chats.rename(chatId, "After");
  await chats.addMembers(chatId, [cyd.userId]);
  await chats.setRole(chatId, cyd.userId, "admin");
  await ada.client.open(chatId);

  const came = heard(bea.client, "message");
  await bea.client.connect();
  const rev = ada.client.chatState(chatId)!.rev;
  await eventually("the rev", () => bea.client.chatState(chatId)?.rev === rev);
  const [forAda, forBea] = [ada, bea].map((p) => p.client.chatState(chatId)!);
  deepEqual(shared(forBea!), shared(forAda!));
  deepEqual(texts(forBea), ["first", "second, edited", null]);
  deepEqual(forAda!.messages[1]!.reactions, [
    { emoji: "👍", count: 1, mine: true },
  ]);
  deepEqual(
    came.map((m) => [m.message.seq, m.isLive]).sort(),
    [4, 5, 6, 7].map((seq) => [seq, false]),
  );
  deepEqual(service.complaints, []);
});

Deno.test("a message sent twice under one id is stored once", async () => {
  await using service = await testApp();
  await using ada = await person(service.url, "ada");
  await using bea = await person(service.url, "bea");
  const memberIds = [bea.userId];
  const { chatId } = await ada.client.chats.create({
    kind: "direct",
    memberIds,
  });
  const messageId = newMessageId(Date.now());
  const once = await ada.client.send(chatId, "once", { messageId });
  const again = await ada.client.send(chatId, "once", { messageId });
  deepEqual(again, { ...once, duplicate: true });
  ada.client.disconnect();
  const posted = await ada.client.send(chatId, "once", { messageId });
  equal(posted.duplicate, true);
  deepEqual(texts(await bea.client.open(chatId)), ["once"]);
  await rejects(bea.client.send(chatId, "mine", { messageId }), {
    code: "id_taken",
  });
});

Deno.test("a device that another one signs out is told at once", async () => {
  await using service = await testApp();
  await using ada = await person(service.url, "ada");
  await using other = createClient({ url: service.url });
  await other.login({ login: "ada", password });
  await other.connect();
  const signedOut = heard(other, "signedOut");
  const { items } = await ada.client.devices.list();
  const device = items.find(({ current }) => !current)!;
  await ada.client.devices.rename(device.deviceId, "The other one");
  await ada.client.devices.revoke(device.deviceId);
  await eventually("the end", () => signedOut.length === 1);
  equal(other.connection, "closed");
  equal(await other.signedIn(), undefined);
});

Deno.test("a hidden message goes on all devices, those that were away too", async () => {
  await using service = await testApp();
  await using ada = await person(service.url, "ada");
  await using bea = await person(service.url, "bea");
  await using tablet = createClient({ url: service.url });
  await tablet.login({ login: "bea", password });
  await tablet.connect();
  const memberIds = [bea.userId];
  const { chatId } = await ada.client.chats.create({
    kind: "direct",
    memberIds,
  });
  const { messageId } = await ada.client.send(chatId, "unwanted");
  await ada.client.send(chatId, "wanted");
  await tablet.open(chatId);
  tablet.disconnect();
  const isClean = (client: ParleyClient) => () =>
    texts(client.chatState(chatId)).join() === "wanted";
  await bea.client.messages.delete(chatId, messageId, "me");
  await eventually("here", isClean(bea.client));
  await tablet.connect();
  await eventually("there", isClean(tablet));
  deepEqual(texts(await ada.client.open(chatId)), ["unwanted", "wanted"]);
});

Deno.test("every call of the client is one that the service knows", async () => {
  await using service = await testApp();
  await using ada = await person(service.url, "ada");
  await using bea = await person(service.url, "bea");
  const { client } = ada;
  const me = await client.me.update({ about: "Counts engines" });
  equal(me.about, "Counts engines");
  deepEqual((await client.me.get()).about, me.about);
  const found = await client.users.search("be");
  deepEqual(found.items.map((user) => user.userId), [bea.userId]);
  equal((await client.users.get(bea.userId)).username, "bea");

  const { chatId } = await client.chats.create({
    kind: "group",
    title: "A group",
    memberIds: [bea.userId],
  });
  equal((await client.chats.list()).items[0]?.chatId, chatId);
  equal((await client.chats.rename(chatId, "Renamed")).title, "Renamed");
  equal((await client.chats.members(chatId)).items.length, 2);
  equal((await client.users.lastSeen(bea.userId)).online, true);
  const [presence] = await client.watch([bea.userId]);
  equal(presence?.online, true);
  await client.setPresence("active");

  const { messageId } = await client.send(chatId, "question");
  await client.send(chatId, "answer", { replyTo: messageId });
  const { messages } = client;
  equal((await messages.get(chatId, messageId)).replyCount, 1);
  equal((await messages.replies(chatId, messageId)).items.length, 1);
  equal((await messages.history(chatId, { before: 2 })).items.length, 1);
  await messages.react(chatId, messageId, "👍🏽");
  await messages.unreact(chatId, messageId, "👍🏽");
  await messages.pin(chatId, messageId);
  await messages.unpin(chatId, messageId);
  await client.delivered(chatId, 2);
  const typing = heard(bea.client, "typing");
  client.typing(chatId, true);
  await eventually("typing", () => typing.some((t) => t.userId === ada.userId));
  // What was typed has come: nobody has to say that it is over.
  await client.send(chatId, "typed");
  await eventually("no more", () => typing.some((t) => !t.active));

  await client.chats.removeMember(chatId, bea.userId);
  await eventually("gone", () => !bea.client.chatState(chatId));
  await client.chats.delete(chatId);
  await rejects(client.chats.get(chatId), { code: "not_found" });
  const { chatId: next } = await client.chats.create({
    kind: "group",
    title: "Another",
    memberIds: [bea.userId],
  });
  await client.chats.leave(next);
  const change = { current: password, next: "another horse battery" };
  await client.me.changePassword(change);
  await client.logout();
  await client.login({ login: "ada", password: change.next });
  deepEqual(service.complaints, []);
});

Deno.test("what is sent while the service is killed and started again arrives once and in order", async () => {
  await using data = await serviceData();
  const env = { PORT: String(freePort()) };
  const sent: Promise<unknown>[] = [];
  await using cleanup = new AsyncDisposableStack();
  const service = cleanup.use(await startService(data, env));
  const ada = cleanup.use(await person(service.url, "ada"));
  const bea = cleanup.use(await person(service.url, "bea"));
  const memberIds = [bea.userId];
  const { chatId } = await ada.client.chats.create({
    kind: "direct",
    memberIds,
  });
  const came = heard(bea.client, "message");
  const count = 200;
  for (let n = 1; n <= count; n++) {
    sent.push(ada.client.send(chatId, `message ${n}`));
  }
  await eventually("some", () => came.length > 20);
  service.kill("SIGKILL");
  await service.exited;
  ok(came.length < count, "it was killed too late to show anything");
  cleanup.use(await startService(data, env));
  await Promise.all(sent);
  await eventually("all", () => came.length >= count);
  const expected = Array.from({ length: count }, (_, n) => `message ${n + 1}`);
  deepEqual(texts(bea.client.chatState(chatId)), expected);
  const order = came.map(({ message }) => message.seq);
  deepEqual(order, expected.map((_, n) => n + 1));
});

Deno.test("people become contacts, and block each other, through the client", async () => {
  await using service = await testApp();
  await using ann = createClient({ url: service.url });
  await using bob = createClient({ url: service.url });
  const { userId: annId } = await ann.register({ username: "annx", password });
  const { userId: bobId } = await bob.register({ username: "bobx", password });
  await bob.connect();
  const updates = heard(bob, "contact.updated");
  const states = () => updates.map(({ contact }) => contact.state);
  equal((await ann.contacts.request(bobId)).state, "outgoing");
  await eventually("the request", () => states().includes("incoming"));
  await bob.contacts.viewed();
  await ann.contacts.withdraw(bobId);
  await bob.contacts.request(annId);
  await ann.contacts.reject(bobId);
  await bob.contacts.request(annId);
  equal((await ann.contacts.accept(bobId)).state, "accepted");
  equal((await ann.contacts.list()).items[0]?.userId, bobId);
  equal((await ann.users.get(bobId)).relationship, "contact");
  await ann.contacts.remove(bobId);
  equal((await ann.contacts.block(bobId)).state, "blocked");
  await rejects(bob.contacts.request(annId), { code: "blocked" });
  equal((await ann.contacts.list("blocked")).items.length, 1);

  bob.disconnect();
  const missed = heard(bob, "account");
  await ann.contacts.unblock(bobId);
  await ann.contacts.request(bobId);
  await bob.connect();
  await eventually("what was missed", () => missed.length > 0);
  equal(missed[0]!.contacts[0]?.state, "incoming");
});
