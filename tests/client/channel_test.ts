import { deepEqual, equal } from "node:assert/strict";
import { createClient, type ParleyClient } from "../../src/client/mod.ts";
import { testApp } from "../support/app.ts";
import { password } from "../support/peer.ts";
import { textIn } from "../support/say.ts";
import { eventually } from "./eventually.ts";
import { heard } from "./stage.ts";

async function person(url: string, username: string): Promise<ParleyClient> {
  const client = createClient({ url });
  await client.register({ username, password });
  await client.connect();
  return client;
}

Deno.test("a channel is found, joined, read and handed on with the client alone", async () => {
  await using service = await testApp();
  const { url } = service;
  await using ada = await person(url, "ada");
  await using bea = await person(url, "bea");
  await using elsewhere = createClient({ url });
  await elsewhere.login({ login: "ada", password });
  await elsewhere.connect();
  const faults = [ada, bea, elsewhere].map((client) => heard(client, "error"));
  const { userId } = (await bea.signedIn())!;

  const { chatId } = await ada.chats.create({
    kind: "channel",
    title: "Engines",
    about: "",
    handle: "engines",
    visibility: "public",
    signatures: false,
    comments: true,
  });
  const { items: [found] } = await bea.channels.find({ query: "eng" });
  deepEqual(found, await bea.channels.get("engines"));
  const mine = await bea.channels.join(found!.chatId);
  equal(mine.me.role, "subscriber");
  await eventually("the channel", () => bea.chatState(chatId) !== undefined);
  equal(bea.chatState(chatId)!.role, "subscriber");

  const came = heard(bea, "message");
  await ada.send(chatId, "It runs");
  await eventually("the post", () => came.length === 1);
  equal(textIn(came[0]!.message.content), "It runs");
  equal(came[0]!.message.senderId as string, chatId);
  equal(bea.chatState(chatId)!.unread, 1);
  // The author has read it, on every device, though nobody is told who that is.
  for (const client of [ada, elsewhere]) {
    await eventually(
      "no unread",
      () =>
        client.chatState(chatId)?.lastSeq === 1 &&
        client.chatState(chatId)!.unread === 0,
    );
  }
  const opened = await bea.open(chatId);
  equal(opened.messages.length, 1);
  equal(opened.members.has(ada.chatState(chatId)!.chatId as never), false);
  await bea.read(chatId, 1);
  await eventually("reading", () => bea.chatState(chatId)!.unread === 0);
  equal((await bea.messages.history(chatId)).items[0]!.views, 1);
  equal((await ada.open(chatId)).messages[0]!.views, 1);
  equal(ada.chatState(chatId)!.receipts.has(userId), false);

  await ada.chats.setRole(chatId, userId, "admin");
  await eventually("the role", () => bea.chatState(chatId)!.role === "admin");
  await bea.chats.update(chatId, { about: "What they do" });
  await eventually(
    "the change",
    () => ada.chatState(chatId)!.chat?.about === "What they do",
  );

  // What happens while nobody is connected is there afterwards.
  bea.disconnect();
  await ada.chats.setRole(chatId, userId, "subscriber");
  await bea.connect();
  await eventually(
    "the role of before",
    () => bea.chatState(chatId)!.role === "subscriber",
  );
  await bea.chats.leave(chatId);
  await eventually("leaving", () => bea.chatState(chatId) === undefined);
  deepEqual(faults, [[], [], []]);
  deepEqual(service.complaints, []);
});

Deno.test("invitations are made, used and answered with the client alone", async () => {
  await using service = await testApp();
  await using ada = await person(service.url, "ada");
  await using bea = await person(service.url, "bea");
  const { chatId } = await ada.chats.create({
    kind: "group",
    title: "Looms",
    memberIds: [],
  });
  const open = await ada.invites.create(chatId, { maxUses: 1 });
  const slow = await ada.invites.create(chatId, { needsApproval: true });
  equal((await ada.invites.list(chatId)).items.length, 2);
  equal((await bea.invites.preview(slow.code!)).title, "Looms");
  deepEqual(await bea.invites.join(slow.code!), { status: "waiting" });
  await bea.invites.withdraw(chatId);
  await bea.invites.join(slow.code!);
  const { items: [request] } = await ada.invites.requests(chatId);
  const { userId } = (await bea.signedIn())!;
  equal(request!.user.userId, userId);
  await ada.invites.reject(chatId, userId);
  await bea.invites.join(slow.code!);
  await ada.invites.accept(chatId, userId);
  await eventually("the group", () => bea.chatState(chatId) !== undefined);
  await bea.chats.leave(chatId);
  await bea.invites.join(open.code!);
  await ada.invites.revoke(chatId, slow.inviteId);
  deepEqual(
    (await ada.invites.list(chatId)).items.map(({ uses }) => uses),
    [1],
  );
  deepEqual(service.complaints, []);
});
