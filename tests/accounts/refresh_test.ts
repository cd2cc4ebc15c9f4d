import assert from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import type { Session } from "../../src/protocol/accounts.ts";
import {
  answer,
  refused,
  type SignedIn,
  startAccounts,
  type TestService,
} from "./service.ts";

const days = 24 * 60 * 60_000;

const refresh = (
  service: Pick<TestService, "call">,
  refreshToken: string,
) => service.call("POST", "/auth/refresh", { body: { refreshToken } });

Deno.test("refresh spends the token for a new session of the same device", async () => {
  await using service = await startAccounts();
  const session = await service.register("ada");
  service.clock.ms += 60_000;
  const next = await answer<SignedIn>(
    await refresh(service, session.refreshToken),
  );
  assert.notEqual(next.refreshToken, session.refreshToken);
  assert.notEqual(next.accessToken, session.accessToken);
  assert.deepEqual(next.user, session.user);
  assert.deepEqual(next.device, {
    ...session.device,
    lastUsedAt: new Date(service.clock.ms).toISOString(),
  });
  await answer(await service.call("GET", "/me", { token: next.accessToken }));
  await answer(await refresh(service, next.refreshToken));
  assert.deepEqual(service.events, []);
});

Deno.test("a spent token that comes again revokes its device and tells the account", async () => {
  await using service = await startAccounts();
  const session = await service.register("ada");
  const other = await service.login("ada");
  const next = await answer<SignedIn>(
    await refresh(service, session.refreshToken),
  );
  service.events.length = 0;
  await refused(
    await refresh(service, session.refreshToken),
    "unauthenticated",
  );
  await refused(
    await service.call("GET", "/me", { token: next.accessToken }),
    "token_revoked",
  );
  await refused(await refresh(service, next.refreshToken), "unauthenticated");
  assert.equal(service.events.length, 1);
  const [{ event }] = service.events as [typeof service.events[number]];
  assert.ok(event.type === "device.updated");
  assert.equal(event.device.deviceId, session.device.deviceId);
  assert.notEqual(event.device.revokedAt, null);
  await answer(await service.call("GET", "/me", { token: other.accessToken }));
});

Deno.test("of many refreshes with one token exactly one wins, and the device is revoked", async () => {
  await using service = await startAccounts();
  const isolates = [service, await service.anotherIsolate()];
  const { refreshToken } = await service.register("ada");
  const responses = await Promise.all(
    Array.from(
      { length: 10 },
      (_, i) => refresh(isolates[i % 2]!, refreshToken),
    ),
  );
  const won = responses.filter(({ status }) => status === 200);
  assert.equal(won.length, 1);
  assert.ok(responses.every(({ status }) => status === 200 || status === 401));
  const { accessToken } = await won[0]!.json();
  await refused(
    await service.call("GET", "/me", { token: accessToken }),
    "token_revoked",
  );
  assert.equal(service.events.length, 1);
});

Deno.test("refreshes and revocations at the same time never wait for each other", async () => {
  await using service = await startAccounts();
  await service.register("ada");
  for (let round = 0; round < 10; round++) {
    const session = await service.login("ada");
    const { accessToken: token, refreshToken, device } = session;
    const [refreshed, revoked] = await Promise.all([
      refresh(service, refreshToken),
      service.call("DELETE", `/me/devices/${device.deviceId}`, { token }),
    ]);
    assert.equal(revoked.status, 204);
    assert.ok(refreshed.status === 200 || refreshed.status === 401);
    await refused(
      await service.call("GET", "/me", { token }),
      "token_revoked",
    );
    if (refreshed.status === 401) continue;
    const { refreshToken: fresh } = await refreshed.json();
    await refused(await refresh(service, fresh), "unauthenticated");
  }
});

Deno.test("a refresh token lives 60 days from its making, and each use starts anew", async () => {
  await using service = await startAccounts();
  const session = await service.register("ada");
  service.clock.ms += 60 * days - 1;
  const next = await answer<SignedIn>(
    await refresh(service, session.refreshToken),
  );
  service.clock.ms += 60 * days;
  await refused(await refresh(service, next.refreshToken), "unauthenticated");
  const [[row]] = await service.db.run(
    sql<{ revokedAt: Date | null }>`select revoked_at from devices`,
  );
  assert.equal(row!.revokedAt, null);
});

Deno.test("an unknown, malformed or missing token is unauthenticated", async () => {
  await using service = await startAccounts();
  await service.register("ada");
  for (const token of ["x", "a".repeat(43), "é"]) {
    await refused(await refresh(service, token), "unauthenticated");
  }
  const without = await service.call("POST", "/auth/refresh", { body: {} });
  await refused(without, "unauthenticated");
});

Deno.test("tokens that ran out are cleared as others are refreshed", async () => {
  await using service = await startAccounts();
  await service.register("ada");
  service.clock.ms += 61 * days;
  const { refreshToken } = await service.login("ada");
  await answer(await refresh(service, refreshToken));
  const [rows] = await service.db.run(sql`select 1 from refresh_tokens`);
  assert.equal(rows.length, 2);
});

Deno.test("no usable token and no password is stored", async () => {
  await using service = await startAccounts();
  const { refreshToken } = await service.register("ada");
  const [tokens, users] = await service.db.run(
    sql<{ text: string }>`select t::text as text from refresh_tokens t`,
    sql<{ text: string }>`select u::text as text from users u`,
  );
  const stored = [...tokens, ...users].map(({ text }) => text).join();
  const bytes = new TextEncoder().encode(refreshToken).toHex();
  assert.ok(!stored.includes(refreshToken) && !stored.includes(bytes));
  assert.ok(!stored.includes("correct horse"));
});

const cookieName = "__Secure-parley-refresh";

/** The cookie that an answer sets, and what may be done with it. */
function cookieOf(response: Response) {
  const [cookie] = response.headers.getSetCookie();
  const [pair, ...attributes] = cookie!.split("; ");
  return { pair: pair!, attributes: attributes.sort() };
}

Deno.test("in cookie mode the refresh token never shows in a body", async () => {
  await using service = await startAccounts();
  const registered = await service.call("POST", "/auth/register", {
    body: { username: "ada", password: "correct horse", cookie: true },
  });
  const { pair, attributes } = cookieOf(registered);
  assert.ok(pair.startsWith(`${cookieName}=`));
  assert.deepEqual(attributes, [
    "HttpOnly",
    "Max-Age=5184000",
    "Path=/api/v1/auth",
    "SameSite=Strict",
    "Secure",
  ]);
  assert.ok(!("refreshToken" in await registered.json()));

  const refreshed = await service.call("POST", "/auth/refresh", {
    body: {},
    headers: { cookie: pair },
  });
  const next = cookieOf(refreshed);
  assert.notEqual(next.pair, pair);
  const session = await answer<Session>(refreshed);
  assert.equal(session.refreshToken, undefined);

  const out = await service.call("POST", "/auth/logout", {
    token: session.accessToken,
  });
  assert.equal(out.status, 204);
  assert.equal(cookieOf(out).pair, `${cookieName}=`);
  assert.ok(cookieOf(out).attributes.includes("Max-Age=0"));
  assert.ok(cookieOf(out).attributes.includes("Path=/api/v1/auth"));
});

Deno.test("a token in the body comes before the cookie and can move into it", async () => {
  await using service = await startAccounts();
  const { refreshToken } = await service.register("ada");
  const response = await service.call("POST", "/auth/refresh", {
    body: { refreshToken, cookie: true },
    headers: { cookie: `${cookieName}=other` },
  });
  assert.ok(cookieOf(response).pair.length > cookieName.length + 40);
  assert.ok(!("refreshToken" in await answer<object>(response)));
});
