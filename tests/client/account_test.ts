import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { createClient, type ParleyClient } from "../../src/client/mod.ts";
import { AccountExport } from "../../src/protocol/export.ts";
import type { UserId } from "../../src/protocol/ids.ts";
import { testApp } from "../support/app.ts";
import { eventually } from "./eventually.ts";
import { heard } from "./stage.ts";
import { textIn } from "../support/say.ts";

const password = "correct horse battery";

/** Somebody with an account, connected. */
async function registered(
  url: string,
  username: string,
): Promise<ParleyClient> {
  const client = createClient({ url });
  await client.register({ username, password });
  await client.connect();
  return client;
}

const idOf = async (client: ParleyClient): Promise<UserId> =>
  (await client.signedIn())!.userId;

Deno.test("all other devices are signed out by one", async () => {
  await using service = await testApp();
  await using people = new AsyncDisposableStack();
  const ada = people.use(await registered(service.url, "ada"));
  const signedOut: unknown[][] = [];
  for (let i = 0; i < 2; i++) {
    const other = people.use(createClient({ url: service.url }));
    await other.login({ login: "ada", password });
    await other.connect();
    signedOut.push(heard(other, "signedOut"));
  }
  await ada.devices.revokeOthers();
  await eventually("the end", () => signedOut.every(({ length }) => length));
  equal((await ada.devices.list()).items.length, 1);
  equal(ada.connection, "live");
});

Deno.test("a deleted account is gone from its clients, and stays with the others as a placeholder", async () => {
  await using service = await testApp();
  await using people = new AsyncDisposableStack();
  const ada = people.use(await registered(service.url, "ada"));
  const bea = people.use(await registered(service.url, "bea"));
  await using tablet = createClient({ url: service.url });
  await tablet.login({ login: "ada", password });
  await tablet.connect();
  const { chatId } = await ada.chats.create({
    kind: "direct",
    memberIds: [await idOf(bea)],
  });
  await ada.send(chatId, "Farewell");
  await bea.open(chatId);
  const adaId = await idOf(ada);
  const ends = [heard(ada, "signedOut"), heard(tablet, "signedOut")];

  await rejects(ada.me.delete("not the password"), {
    code: "bad_credentials",
  });
  ok(await ada.signedIn());
  await ada.me.delete(password);
  await eventually("the end", () => ends.every(({ length }) => length === 1));
  for (const client of [ada, tablet]) {
    equal(await client.signedIn(), undefined);
    equal(client.connection, "closed");
    deepEqual(client.chatStates(), []);
  }
  const member = () => bea.chatState(chatId)?.members.get(adaId);
  await eventually("the placeholder", () => member()?.user.username === null);
  deepEqual(member()?.user, {
    userId: adaId,
    username: null,
    displayName: "Deleted account",
    about: "",
  });
  deepEqual(
    bea.chatState(chatId)?.messages.map(({ content }) => textIn(content)),
    ["Farewell"],
  );
  await rejects(bea.send(chatId, "Still there?"), { code: "forbidden" });
  deepEqual(service.complaints, []);
});

Deno.test("an export comes as a stream that is one document", async () => {
  await using service = await testApp();
  await using people = new AsyncDisposableStack();
  const ada = people.use(await registered(service.url, "ada"));
  const bea = people.use(await registered(service.url, "bea"));
  const { chatId } = await ada.chats.create({
    kind: "direct",
    memberIds: [await idOf(bea)],
  });
  await ada.send(chatId, "Mine");
  const stream = await ada.me.export();
  const document = AccountExport.parse(await new Response(stream).json());
  deepEqual(
    document.messages.map(({ content }) => textIn(content)),
    ["Mine"],
  );
  const given = new AbortController();
  const { signal } = given;
  const broken = await ada.me.export({ signal });
  given.abort();
  await rejects(new Response(broken).text());
  const nobody = people.use(createClient({ url: service.url }));
  await rejects(nobody.me.export(), { code: "unauthenticated" });
  deepEqual(service.complaints, []);
});
