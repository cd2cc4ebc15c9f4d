import assert from "node:assert/strict";
import { createAccessTokens } from "../../src/crypto/access_tokens.ts";
import { sql } from "../../src/db/sql.ts";
import { newKeyEntry, parseKeyList } from "../../src/lib/key_list.ts";
import type { Session } from "../../src/protocol/accounts.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { SentMessage } from "../../src/protocol/messages.ts";
import type { ChatItem } from "../../src/protocol/sync.ts";
import { webPage } from "../support/web_page.ts";
import { type TestApp, testApp } from "../support/app.ts";
import { password, personOf } from "../support/peer.ts";
import { type Ask, askAboutContacts } from "./contacts.ts";
import { createJudge, type Judge } from "./judge.ts";
import { codesOf, operationsOf, readOpenApi } from "./operations.ts";
import { askAboutPolls } from "./polls.ts";
import { refuseAll, refuseNonsense, refuseStrangers } from "./refusals.ts";

const publicUrl = "http://parley.test";
const nobody = "00000000-0000-4000-8000-000000000000";
const text = (text: string) => ({ content: { type: "text", text } });

function asker(url: string, judge: Judge, token?: string): Ask {
  return async <Body>(method: string, path: string, body?: unknown) => {
    const headers = new Headers();
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    if (body !== undefined) headers.set("content-type", "application/json");
    const full = path.startsWith("/.") || /^\/(health|api)\//.test(path)
      ? path
      : `/api/v1${path}`;
    const response = await fetch(url + full, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return await judge.check(method, full, response) as Body;
  };
}

Deno.test("every documented answer happens, and no other", async (t) => {
  const document = await readOpenApi();
  const judge = createJudge(document);
  const jwtKeys = newKeyEntry("j1");
  await using page = webPage();
  await using service = await testApp({
    PUBLIC_URL: publicUrl,
    JWT_KEYS: jwtKeys,
    LINK_PREVIEWS: "on",
  }, { network: page.network });
  const { url } = service;
  const anyone = asker(url, judge);
  const register = (username: string) =>
    anyone<Session>("POST", "/auth/register", {
      username,
      password,
      email: `${username}@example.org`,
    });
  const adaSession = await register("ada");
  const graceSession = await register("grace");
  const ada = asker(url, judge, adaSession.accessToken);
  const grace = asker(url, judge, graceSession.accessToken);
  const joan = asker(url, judge, (await register("joan")).accessToken);
  const adaId = adaSession.user.userId;
  const graceId = graceSession.user.userId;

  await t.step("of the service", async () => {
    for (const path of ["/health/live", "/health/ready"]) {
      await anyone("GET", path);
    }
    await anyone("GET", "/.well-known/jwks.json");
    for (
      const path of [
        "/api/openapi.json",
        "/api/asyncapi.json",
        "/api/docs",
        "/api/docs/websocket",
      ]
    ) {
      const first = await fetch(url + path);
      const etag = first.headers.get("etag")!;
      await judge.check("GET", path, first);
      const headers = { "if-none-match": etag };
      await judge.check("GET", path, await fetch(url + path, { headers }));
    }
    await using _line = await personOf(url, adaSession).connect();
    judge.seen.add("connect 101");
    await anyone("GET", "/ws");
  });

  await t.step("about accounts", async () => {
    await register("ada");
    await anyone("POST", "/auth/register", {
      username: "other",
      email: "ada@example.org",
      password,
    });
    const login = (password: string) =>
      anyone<Session>("POST", "/auth/login", { login: "ada", password });
    const second = await login(password);
    await login("not the password");
    const { refreshToken } = second;
    await anyone("POST", "/auth/refresh", { refreshToken });
    await anyone("POST", "/auth/refresh", { refreshToken: "spent" });

    await ada("GET", "/me");
    await ada("PATCH", "/me", { about: "Thinks", email: null });
    await ada("PATCH", "/me", { username: "grace" });
    await ada("PATCH", "/me", { email: "grace@example.org" });
    await ada("GET", "/me/devices?limit=1");
    const { deviceId } = second.device;
    await ada("PATCH", `/me/devices/${deviceId}`, { name: "Phone" });
    await ada("PATCH", `/me/devices/${nobody}`, { name: "Phone" });
    await ada("DELETE", `/me/devices/${deviceId}`);
    await ada("DELETE", `/me/devices/${deviceId}`);
    await ada("GET", "/users?query=g");
    await ada("GET", `/users/${graceId}`);
    await ada("GET", `/users/${nobody}`);
    await changePasswords(joan, judge);
    await ada("PATCH", "/me", { email: null, password: "not the password" });
    await longSignedIn(service, adaSession);
    await ada("PATCH", "/me", { email: "lovelace@example.org" });
    await ada("DELETE", "/me/devices?except=current");
    await ada("GET", "/me/export");
    const rose = asker(url, judge, (await register("rose")).accessToken);
    await rose("DELETE", "/me", { password: "not the password" });
    await rose("DELETE", "/me", { password });
  });

  await t.step("about chats", async () => {
    const direct = { kind: "direct", memberIds: [graceId] };
    await ada("POST", "/chats", direct);
    await grace("POST", "/chats", { ...direct, memberIds: [adaId] });
    await ada("POST", "/chats", { ...direct, memberIds: [nobody] });
    const chatId = crypto.randomUUID();
    const group = { kind: "group", chatId, title: "Engines", memberIds: [] };
    await ada("POST", "/chats", group);
    await grace("POST", "/chats", group);

    await ada("POST", `/chats/${chatId}/members`, { userIds: [graceId] });
    await ada("POST", `/chats/${chatId}/members`, { userIds: [nobody] });
    await ada("GET", `/users/${graceId}/last-seen`);
    await ada("GET", `/users/${nobody}/last-seen`);
    await ada("GET", "/chats?limit=1");
    await ada("GET", `/chats/${chatId}/members?limit=1`);
    await ada("PATCH", `/chats/${chatId}/members/${graceId}`, {
      role: "member",
    });
    await ada("PATCH", `/chats/${chatId}`, { title: "Looms" });
    await ada("GET", `/chats/${chatId}/changes?since=0`);
    const preferences = { pinned: true, draft: { text: "Dear Grace" } };
    await ada("PATCH", `/chats/${chatId}/me`, preferences);
    await ada("GET", "/notifications");
    await ada("GET", "/notifications/counts");
    await ada("POST", `/chats/${chatId}/notifications/clear`);
    await ada("DELETE", `/chats/${chatId}/history`);
    await ada("GET", "/sync");

    const own = `/chats/${chatId}`;
    for (const ask of [grace, joan]) {
      await ask("GET", own);
      await ask("PATCH", own, { title: "Mine" });
      await ask("DELETE", own);
      await ask("GET", `${own}/members`);
      await ask("POST", `${own}/members`, { userIds: [graceId] });
      await ask("PATCH", `${own}/members/me`, { role: "owner" });
      await ask("DELETE", `${own}/members/${adaId}`);
      await ask("GET", `${own}/changes?since=0`);
      await ask("PATCH", `${own}/me`, { pinned: true });
      await ask("POST", `${own}/notifications/clear`);
      await ask("DELETE", `${own}/history`);
    }

    await pretendFull(service, chatId);
    const joanId = (await joan<{ userId: string }>("GET", "/me")).userId;
    await ada("POST", `${own}/members`, { userIds: [joanId] });
    await grace("DELETE", `${own}/members/me`);
    await ada("DELETE", own);
  });

  await t.step("about invitations", async () => {
    const { chatId } = await ada<ChatItem>("POST", "/chats", {
      kind: "group",
      title: "Club",
      memberIds: [graceId],
    });
    const own = `/chats/${chatId}`;
    const inviteId = crypto.randomUUID();
    type Made = { inviteId: string; code: string };
    const make = (body: object) => ada<Made>("POST", `${own}/invites`, body);
    const open = await make({ inviteId });
    await make({ inviteId });
    await ada("PATCH", `${own}/members/${graceId}`, { role: "admin" });
    await grace("POST", `${own}/invites`, { inviteId });
    await ada("PATCH", `${own}/members/${graceId}`, { role: "member" });
    const single = await make({ maxUses: 1, needsApproval: true });
    const slow = await make({ needsApproval: true });
    const joanId = (await joan<{ userId: string }>("GET", "/me")).userId;
    await joan("GET", `/invites/${single.code}`);
    await joan("POST", `/invites/${single.code}/join`);
    const { code } = single;
    const late = asker(url, judge, (await register("late")).accessToken);
    await late("GET", `/invites/${code}`);
    await late("POST", `/invites/${code}/join`);
    const wrong = "x".repeat(32);
    await late("GET", `/invites/${wrong}`);
    await late("POST", `/invites/${wrong}/join`);
    const request = `${own}/join-requests/${joanId}`;
    for (const ask of [ada, grace, late]) {
      await ask("GET", `${own}/invites?limit=1`);
      await ask("GET", `${own}/join-requests`);
    }
    for (const ask of [grace, late]) {
      await ask("POST", `${own}/invites`, {});
      await ask("DELETE", `${own}/invites/${inviteId}`);
      await ask("POST", request);
      await ask("DELETE", request);
    }
    await ada("DELETE", request);
    await joan("POST", `/invites/${slow.code}/join`);
    await pretendFull(service, chatId);
    await ada("POST", request);
    await pretendFull(service, chatId, 2);
    await ada("POST", request);
    await late("POST", `/invites/${open.code}/join`);
    await pretendInvites(service, chatId);
    await make({});
    await ada("DELETE", `${own}/invites/${inviteId}`);
  });

  await t.step("about channels", async () => {
    const channel = {
      kind: "channel",
      chatId: crypto.randomUUID(),
      title: "News",
      visibility: "public",
      handle: "news",
    };
    const own = `/chats/${channel.chatId}`;
    await ada("POST", "/chats", channel);
    await grace("POST", "/chats", { ...channel, chatId: crypto.randomUUID() });
    const other = crypto.randomUUID();
    const unnamed = { ...channel, chatId: other, visibility: "private" };
    await ada("POST", "/chats", { ...unnamed, handle: undefined });
    await ada("PATCH", `/chats/${other}`, { handle: "news" });
    await ada("PATCH", own, { handle: "olds" });
    await grace("GET", "/channels?query=n&limit=1");
    await grace("GET", "/channels/news");
    await grace("GET", "/channels/olds");
    await grace("GET", "/channels/1");
    await grace("POST", `${own}/join`);
    await grace("POST", `/chats/${other}/join`);
    await grace("GET", `${own}/members`);
    const ban = `${own}/bans/${graceId}`;
    for (const ask of [ada, grace, joan]) {
      await ask("PUT", ban);
      await ask("DELETE", ban);
      await ask("GET", `${own}/bans?limit=1`);
      if (ask === ada) await grace("POST", `${own}/join`);
    }
    await ada("PUT", ban);
    await grace("POST", `${own}/join`);
    const { code } = await ada<{ code: string }>("POST", `${own}/invites`, {});
    await grace("POST", `/invites/${code}/join`);
    await ada("DELETE", own);
  });
  await t.step(
    "about contacts",
    () => askAboutContacts({ ada, grace, joan, adaId, graceId, nobody }),
  );

  await t.step("about messages", async () => {
    const { chatId } = await ada<ChatItem>("POST", "/chats", {
      kind: "group",
      title: "Looms",
      memberIds: [graceId],
    });
    const messages = `/chats/${chatId}/messages`;
    const send = async (ask: Ask, more: object = {}) =>
      (await ask<typeof SentMessage["_output"]>("POST", messages, {
        ...text("Hello"),
        ...more,
      })).messageId;
    const hello = await send(ada);
    const gone = await send(ada);
    await send(ada, { messageId: hello });
    await send(grace, { messageId: hello });
    await send(grace, { replyTo: hello });
    await ada("PATCH", `/chats/${chatId}`, { slowModeSeconds: 3600 });
    await send(grace);
    await send(grace);
    const permissions = { sendMessages: "admins" };
    await ada("PATCH", `/chats/${chatId}`, { slowModeSeconds: 0, permissions });
    await send(grace);
    await ada("PATCH", `/chats/${chatId}`, {
      permissions: { sendMessages: "everyone" },
    });
    await send(grace, { replyTo: nobody });
    await ada("DELETE", `${messages}/${gone}`);
    await send(ada, { replyTo: gone });
    await ada("GET", messages);
    await ada("POST", `/chats/${chatId}/read`, { seq: 1 });
    await ada("POST", `/chats/${chatId}/delivered`, { seq: 1 });

    const thumb = encodeURIComponent("👍");
    const asks: [Ask, messageId: string][] = [
      [ada, hello],
      [ada, gone],
      [grace, hello],
      [joan, hello],
    ];
    for (const [ask, messageId] of asks) {
      const message = `${messages}/${messageId}`;
      await ask("GET", message);
      await ask("PATCH", message, text("Good morning"));
      await ask("PUT", `${message}/reactions/${thumb}`);
      await ask("DELETE", `${message}/reactions/${thumb}`);
      await ask("PUT", `${message}/pin`);
      await ask("DELETE", `${message}/pin`);
      await ask("GET", `${message}/replies`);
      await ask("GET", `${message}/edits`);
      await ask("GET", `${message}/status`);
    }
    for (const link of [page.url, "http://127.0.0.1"]) {
      await ada("GET", `/link-previews?url=${encodeURIComponent(link)}`);
    }
    await askAboutPolls({ ada, grace, joan, chatId, said: hello });
    await grace("DELETE", `${messages}/${hello}`);
    await joan("DELETE", `${messages}/${hello}`);
    await joan("GET", messages);
    await joan("POST", messages, text("Hello"));
    await joan("POST", `/chats/${chatId}/read`, { seq: 1 });
    await joan("POST", `/chats/${chatId}/delivered`, { seq: 1 });
  });

  await t.step("to requests that cannot be answered", async () => {
    await refuseAll(document, judge);
    const { user, device, accessToken } = await register("mary");
    await asker(url, judge, accessToken)("POST", "/auth/logout");
    const past = await createAccessTokens({
      keys: parseKeyList(jwtKeys),
      issuer: publicUrl,
      audience: publicUrl,
      clock: () => Date.now() - 3_600_000,
    });
    const expired = await past.issue(user.userId, device.deviceId);
    const tokens = {
      good: adaSession.accessToken,
      expired: expired.accessToken,
      revoked: accessToken,
    };
    await refuseStrangers(url, document, judge, tokens);
    await refuseNonsense(url, document, judge, tokens);
  });

  await t.step("and that is all of them", () => {
    // A file would have to be missing, or a schema to have no form in JSON.
    const unforced = ["getOpenApi", "getAsyncApi"]
      .concat("readRestReference", "readSocketReference")
      .map((operationId) => `${operationId} internal`);
    const promised = operationsOf(document).flatMap((operation) =>
      [
        ...Object.keys(operation.responses).filter((status) => status < "400"),
        ...codesOf(operation),
      ].map((answer) => `${operation.operationId} ${answer}`)
    );
    const missing = promised.filter((answer) =>
      !judge.seen.has(answer) && !unforced.includes(answer)
    );
    assert.deepEqual(missing, []);
    assert.deepEqual(service.complaints, []);
  });
});

/** Two changes at once: the second finds that its present password is no longer the one. */
async function changePasswords(ask: Ask, judge: Judge) {
  let current = password;
  for (let i = 0; i < 5 && !judge.seen.has("changePassword conflict"); i++) {
    const next = `${password} ${i}`;
    const change = { current, next };
    await Promise.all([
      ask("PUT", "/me/password", change),
      ask("PUT", "/me/password", change),
    ]);
    current = next;
  }
  await ask("PUT", "/me/password", { current: "wrong", next: password });
}

/** As if the device had signed in a while ago. */
async function longSignedIn({ db }: TestApp, { device }: Session) {
  await db.database.run(
    sql`update devices set created_at = now() - interval '1 day'
      where device_id = ${device.deviceId}::uuid`,
  );
}

async function pretendInvites({ db }: TestApp, chatId: string) {
  await db.database.run(
    sql`insert into invites select ${chatId}::uuid, gen_random_uuid(),
        sha256(gen_random_uuid()::text::bytea), 1, '', ${nobody}::uuid, now(),
        null, null, 0, false from generate_series(1, ${limits.invitesPerChat})`,
  );
}

async function pretendFull(
  { db }: TestApp,
  chatId: string,
  members: number = limits.groupMembers,
) {
  await db.database.run(
    sql`update chats set member_count = ${members} where chat_id = ${chatId}`,
  );
}
