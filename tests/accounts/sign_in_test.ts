import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import { sql } from "../../src/db/sql.ts";
import { Session } from "../../src/protocol/accounts.ts";
import { answer, password, refused, startAccounts } from "./service.ts";

Deno.test("register makes an account and a session that works", async () => {
  await using service = await startAccounts();
  const session = await service.register("Ada.L", {
    email: "Ada@Example.org",
    displayName: "Ada",
    device: { name: "Phone", platform: "ios" },
  });
  Session.parse(session);
  const { user, device } = session;
  assert.equal(user.username, "ada.l");
  assert.equal(user.email, "ada@example.org");
  assert.equal(user.displayName, "Ada");
  assert.equal(device.name, "Phone");
  assert.equal(device.current, true);
  const { sub, sid } = decodeJwt(session.accessToken);
  assert.deepEqual([sub, sid], [user.userId, device.deviceId]);
  assert.equal(
    Date.parse(session.accessTokenExpiresAt),
    service.clock.ms + 15 * 60_000,
  );
  const me = await answer(
    await service.call("GET", "/me", { token: session.accessToken }),
  );
  assert.deepEqual(me, user);
});

Deno.test("register fills in what was left out", async () => {
  await using service = await startAccounts();
  const { user, device } = await service.register("grace");
  assert.equal(user.displayName, "grace");
  assert.equal(user.email, null);
  assert.equal(device.platform, "unknown");
});

Deno.test("a username and an email address belong to one account, whatever their casing", async () => {
  await using service = await startAccounts();
  await service.register("ada", { email: "ada@example.org" });
  const attempt = (body: Record<string, unknown>) =>
    service.call("POST", "/auth/register", { body: { password, ...body } });
  await refused(await attempt({ username: "ADA" }), "username_taken");
  await refused(
    await attempt({ username: "ida", email: "ADA@example.org" }),
    "email_taken",
  );
});

Deno.test("of many who register one name at once, on two isolates, one gets it", async () => {
  await using service = await startAccounts();
  const other = await service.anotherIsolate();
  const body = { username: "ada", email: "ada@example.org", password };
  const responses = await Promise.all(
    Array.from(
      { length: 8 },
      (_, i) =>
        (i % 2 ? service : other).call("POST", "/auth/register", { body }),
    ),
  );
  const statuses = responses.map(({ status }) => status).sort();
  assert.deepEqual(statuses, [201, ...Array(7).fill(409)]);
  const [users, devices, heads] = await service.db.run(
    sql`select 1 from users`,
    sql`select 1 from devices`,
    sql`select 1 from heads`,
  );
  assert.deepEqual([users.length, devices.length, heads.length], [1, 1, 1]);
});

Deno.test("register refuses what fails the schema", async () => {
  await using service = await startAccounts();
  const bodies = [
    { username: "ab", password },
    { username: "1ada", password },
    { username: "ada lovelace", password },
    { username: "ada@home", password },
    { username: "ada", password: "short" },
    { username: "ada", password: `${password}\0` },
    { username: "ada", password: `${password}\ud800` },
    { username: "ada", password, email: "nobody" },
    { username: "ada", password, displayName: "  " },
    { username: "ada", password, admin: true },
    { username: "ada", password, device: { name: "Phone" } },
  ];
  for (const body of bodies) {
    await refused(
      await service.call("POST", "/auth/register", { body }),
      "invalid_input",
    );
  }
});

Deno.test("login takes the username or the email address and adds a device", async () => {
  await using service = await startAccounts();
  const first = await service.register("ada", { email: "ada@example.org" });
  for (const name of ["ada", "ADA", "ada@example.org", "Ada@Example.ORG"]) {
    const { user, device } = await service.login(name);
    assert.deepEqual(user, first.user);
    assert.notEqual(device.deviceId, first.device.deviceId);
  }
  const revs = service.events.map(({ rev }) => rev);
  assert.deepEqual(revs, [3, 4, 5, 6]);
  for (const announced of service.events) {
    assert.equal(announced.event.type, "device.updated");
    assert.ok("account" in announced);
    assert.equal(announced.account, first.user.userId);
  }
});

Deno.test("an unknown name and a wrong password cost the same Argon2 and answer the same", async () => {
  await using service = await startAccounts();
  await service.register("ada", { email: "ada@example.org" });
  const documents = [];
  for (const login of ["ada", "ada@example.org", "ida", "ida@example.org"]) {
    const before = { ...service.argon2 };
    const response = await service.call("POST", "/auth/login", {
      body: { login, password: "wrong" },
    });
    documents.push(await response.json());
    assert.equal(service.argon2.verifications, before.verifications + 1, login);
    assert.equal(service.argon2.hashes, before.hashes, login);
    assert.equal(response.headers.get("www-authenticate"), "Bearer");
  }
  assert.deepEqual(documents, Array(4).fill(documents[0]));
  assert.equal(documents[0].code, "bad_credentials");
});

Deno.test("login renews a hash of old parameters once", async () => {
  await using service = await startAccounts();
  const { user } = await service.register("ada");
  const { hash } = await import("@node-rs/argon2");
  const old = await hash(password, { memoryCost: 8192, timeCost: 1 });
  await service.db.run(sql`update users set password_hash = ${old}`);
  await Promise.all([service.login("ada"), service.login("ada")]);
  const [[row]] = await service.db.run(
    sql<{ passwordHash: string; accountRev: number }>`
      select password_hash, account_rev from users`,
  );
  assert.match(row!.passwordHash, /m=19456,t=2,p=1/);
  assert.equal(row!.accountRev, user.accountRev);
  const { hashes } = service.argon2;
  await service.login("ada");
  assert.equal(service.argon2.hashes, hashes);
});

Deno.test("wrong passwords use up the name's tries; right ones do not", async () => {
  const perName = { burst: 3, perSecond: 0.1 };
  await using service = await startAccounts({ perName });
  await service.register("ada");
  for (let i = 0; i < 5; i++) await service.login("ada");
  const attempt = (body: Record<string, string>) =>
    service.call("POST", "/auth/login", { body });
  for (let i = 0; i < 3; i++) {
    await refused(
      await attempt({ login: "Ada", password: "wrong" }),
      "bad_credentials",
    );
  }
  const { verifications } = service.argon2;
  const late = await attempt({ login: "ada", password });
  assert.equal(late.headers.get("retry-after"), "10");
  await refused(late, "rate_limited");
  assert.equal(service.argon2.verifications, verifications);
  await refused(
    await attempt({ login: "ida", password: "wrong" }),
    "bad_credentials",
  );
  service.clock.ms += 10_000;
  await service.login("ada");
});

Deno.test("one address cannot make accounts or guess without end", async () => {
  await using service = await startAccounts({
    perIp: { burst: 3, perSecond: 1 },
  });
  await service.register("ada");
  await service.login("ada");
  await refused(
    await service.call("POST", "/auth/login", {
      body: { login: "ida", password: "wrong" },
    }),
    "bad_credentials",
  );
  await refused(
    await service.call("POST", "/auth/register", {
      body: { username: "ida", password },
    }),
    "rate_limited",
  );
});

Deno.test("the hundred and first device signs out the one used the longest ago", async () => {
  await using service = await startAccounts();
  const first = await service.register("ada");
  const second = await service.login("ada");
  const { userId } = first.user;
  await service.db.run(sql`insert into devices
    select gen_random_uuid(), ${userId}::uuid, 'x', 'x', now(), now() + n * interval '1 minute',
      null, 3 from generate_series(1, 98) n`);
  service.clock.ms = Date.now();
  await service.call("GET", "/me", { token: second.accessToken });
  await service.db.run(sql`update devices set last_used_at = '2020-01-01'
    where device_id = ${first.device.deviceId}::uuid`);
  await service.login("ada");
  const [rows] = await service.db.run(
    sql<
      { deviceId: string }
    >`select device_id from devices where revoked_at is not null`,
  );
  assert.deepEqual(rows, [{ deviceId: first.device.deviceId }]);
});
