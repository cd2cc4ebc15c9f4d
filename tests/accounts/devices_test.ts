import assert from "node:assert/strict";
import { devicesSince } from "../../src/accounts/mod.ts";
import { sql } from "../../src/db/sql.ts";
import type { Device } from "../../src/protocol/accounts.ts";
import type { List } from "../../src/protocol/page.ts";
import { answer, password, refused, startAccounts } from "./service.ts";

Deno.test("logout ends the device's tokens at once, on every isolate", async () => {
  await using service = await startAccounts();
  const other = await service.anotherIsolate();
  const { accessToken: token, refreshToken } = await service.register("ada");
  await answer(await other.call("GET", "/me", { token }));
  await answer(await service.call("POST", "/auth/logout", { token }), 204);
  await refused(await other.call("GET", "/me", { token }), "token_revoked");
  await refused(
    await service.call("POST", "/auth/logout", { token }),
    "token_revoked",
  );
  await refused(
    await other.call("POST", "/auth/refresh", { body: { refreshToken } }),
    "unauthenticated",
  );
});

Deno.test("devices are listed in pages, the present one marked, signed-out ones left out", async () => {
  await using service = await startAccounts();
  const first = await service.register("ada");
  const second = await service.login("ada");
  const third = await service.login("ada");
  await service.register("ida");
  const token = third.accessToken;
  await service.call("POST", "/auth/logout", { token: second.accessToken });
  const page = await answer<List<Device>>(
    await service.call("GET", "/me/devices?limit=1", { token }),
  );
  assert.deepEqual(page.items, [{ ...first.device, current: false }]);
  const rest = await answer<List<Device>>(
    await service.call(
      "GET",
      `/me/devices?limit=1&cursor=${page.nextCursor}`,
      { token },
    ),
  );
  assert.deepEqual(rest, { items: [third.device], nextCursor: null });
  await refused(
    await service.call("GET", "/me/devices?cursor=x", { token }),
    "invalid_input",
  );
  for (const limit of ["0", "101", "x", "1.5", "-1"]) {
    await refused(
      await service.call("GET", `/me/devices?limit=${limit}`, { token }),
      "invalid_input",
    );
  }
});

Deno.test("renaming a device takes a number and an event, once", async () => {
  await using service = await startAccounts();
  const { accessToken: token, device, user } = await service.register("ada");
  const rename = (name: string) =>
    service.call("PATCH", `/me/devices/${device.deviceId}`, {
      token,
      body: { name },
    });
  const renamed = await answer<Device>(await rename("Kitchen"));
  assert.deepEqual(renamed, { ...device, name: "Kitchen" });
  await answer(await rename("Kitchen"));
  const { current: _, ...broadcast } = renamed;
  assert.deepEqual(service.events, [{
    account: user.userId,
    rev: 3,
    event: { type: "device.updated", accountRev: 3, device: broadcast },
  }]);
});

Deno.test("revoking a device ends it and leaves the others", async () => {
  await using service = await startAccounts();
  const first = await service.register("ada");
  const second = await service.login("ada");
  const path = `/me/devices/${second.device.deviceId}`;
  const token = first.accessToken;
  await answer(await service.call("DELETE", path, { token }), 204);
  await refused(
    await service.call("GET", "/me", { token: second.accessToken }),
    "token_revoked",
  );
  await answer(await service.call("GET", "/me", { token }));
  await refused(await service.call("DELETE", path, { token }), "not_found");
  const [rows] = await service.db.run(
    sql`select 1 from refresh_tokens where device_id = ${second.device.deviceId}::uuid`,
  );
  assert.equal(rows.length, 0);
});

Deno.test("somebody else's device is not there", async () => {
  await using service = await startAccounts();
  const { device } = await service.register("ada");
  const { accessToken: token } = await service.register("ida");
  const path = `/me/devices/${device.deviceId}`;
  await refused(await service.call("DELETE", path, { token }), "not_found");
  const body = { name: "Mine" };
  await refused(
    await service.call("PATCH", path, { token, body }),
    "not_found",
  );
});

Deno.test("changing the password signs the other devices out, also those of the same moment", async () => {
  await using service = await startAccounts();
  const first = await service.register("ada");
  const second = await service.login("ada");
  const token = first.accessToken;
  const [changed, ...logins] = await Promise.all([
    service.call("PUT", "/me/password", {
      token,
      body: { current: password, next: "another secret" },
    }),
    ...Array.from(
      { length: 4 },
      () =>
        service.call("POST", "/auth/login", {
          body: { login: "ada", password },
        }),
    ),
  ]);
  assert.equal(changed.status, 204);
  await answer(await service.call("GET", "/me", { token }));
  const before = [
    second,
    ...await Promise.all(
      logins.filter(({ ok }) => ok).map((response) => response.json()),
    ),
  ];
  for (const { accessToken } of before) {
    await refused(
      await service.call("GET", "/me", { token: accessToken }),
      "token_revoked",
    );
  }
  await refused(
    await service.call("POST", "/auth/login", {
      body: { login: "ada", password },
    }),
    "bad_credentials",
  );
  await service.login("ada", { password: "another secret" });
});

Deno.test("a login whose password is changed after it was checked is refused", async () => {
  await using service = await startAccounts();
  const { accessToken: token } = await service.register("ada");
  service.argon2.afterNext = async () => {
    const body = { current: password, next: "another secret" };
    const path = "/me/password";
    await answer(await service.call("PUT", path, { token, body }), 204);
  };
  await refused(
    await service.call("POST", "/auth/login", {
      body: { login: "ada", password },
    }),
    "bad_credentials",
  );
});

Deno.test("of two password changes at once one happens", async () => {
  await using service = await startAccounts();
  const { accessToken: token } = await service.register("ada");
  const change = (next: string) =>
    service.call("PUT", "/me/password", {
      token,
      body: { current: password, next },
    });
  service.argon2.afterNext = async () => {
    await answer(await change("the quick one"), 204);
  };
  await refused(await change("the slow one"), "conflict");
  await service.login("ada", { password: "the quick one" });
});

Deno.test("a password change needs the present password", async () => {
  await using service = await startAccounts({
    perName: { burst: 2, perSecond: 1 },
  });
  const { accessToken: token } = await service.register("ada");
  const change = (current: string) =>
    service.call("PUT", "/me/password", {
      token,
      body: { current, next: "another secret" },
    });
  await refused(await change("wrong"), "bad_credentials");
  await refused(await change("wrong"), "bad_credentials");
  await refused(await change(password), "rate_limited");
  assert.deepEqual(service.events, []);
});

Deno.test("the last use of a device is noted at most once a minute", async () => {
  await using service = await startAccounts();
  const { accessToken: token } = await service.register("ada");
  const lastUsed = async () => {
    await answer(await service.call("GET", "/me", { token }));
    const [[row]] = await service.db.run(
      sql<{ at: Date }>`select last_used_at as at from devices`,
    );
    return row!.at.getTime();
  };
  const start = service.clock.ms;
  service.clock.ms = start + 59_999;
  assert.equal(await lastUsed(), start);
  service.clock.ms = start + 60_000;
  assert.equal(await lastUsed(), start + 60_000);
});

Deno.test("devicesSince() tells what changed after a number, oldest first", async () => {
  await using service = await startAccounts();
  const { user, device, accessToken: token } = await service.register("ada");
  const second = await service.login("ada");
  await service.call("PATCH", `/me/devices/${device.deviceId}`, {
    token,
    body: { name: "Kitchen" },
  });
  await service.call("POST", "/auth/logout", { token: second.accessToken });
  const since = async (rev: number) => {
    const [rows] = await service.db.run(devicesSince(user.userId, rev, 10));
    return rows.map((row) => [row.rev, row.device.name, row.device.revokedAt]);
  };
  const now = new Date(service.clock.ms).toISOString();
  assert.deepEqual(await since(0), [[4, "Kitchen", null], [5, "Unnamed", now]]);
  assert.deepEqual(await since(4), [[5, "Unnamed", now]]);
  assert.deepEqual(await since(5), []);
});
