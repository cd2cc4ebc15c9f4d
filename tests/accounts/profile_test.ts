import assert from "node:assert/strict";
import { accountSince } from "../../src/accounts/mod.ts";
import type { Me } from "../../src/protocol/accounts.ts";
import { answer, refused, startAccounts } from "./service.ts";

Deno.test("PATCH /me changes the named fields, with a number and an event", async () => {
  await using service = await startAccounts();
  const session = await service.register("ada", { email: "ada@example.org" });
  const token = session.accessToken;
  const me = await answer<Me>(
    await service.call("PATCH", "/me", {
      token,
      body: { about: "Analyst", email: null },
    }),
  );
  assert.deepEqual(me, {
    ...session.user,
    about: "Analyst",
    email: null,
    accountRev: 3,
  });
  assert.deepEqual(
    await answer(await service.call("GET", "/me", { token })),
    me,
  );
  const { accountRev, ...shown } = me;
  assert.deepEqual(service.events, [{
    account: me.userId,
    rev: accountRev,
    event: { type: "account.updated", accountRev, me: shown },
  }]);
  const since = async (rev: number) =>
    (await service.db.run(accountSince(me.userId, rev, 10)))[0].length;
  assert.deepEqual([await since(2), await since(3)], [1, 0]);
});

Deno.test("a patch that changes nothing takes no number", async () => {
  await using service = await startAccounts();
  const { accessToken: token, user } = await service.register("ada");
  for (const body of [{}, { username: "Ada" }, { email: null }]) {
    const me = await answer(
      await service.call("PATCH", "/me", { token, body }),
    );
    assert.deepEqual(me, user);
  }
  assert.deepEqual(service.events, []);
});

Deno.test("a taken name is refused", async () => {
  await using service = await startAccounts();
  await service.register("ada", { email: "ada@example.org" });
  const ida = await service.register("ida");
  const patch = (token: string, body: Record<string, unknown>) =>
    service.call("PATCH", "/me", { token, body });
  await refused(
    await patch(ida.accessToken, { username: "ada" }),
    "username_taken",
  );
  await refused(
    await patch(ida.accessToken, { email: "ADA@Example.org" }),
    "email_taken",
  );
});

Deno.test("an email address given up is free again at once", async () => {
  await using service = await startAccounts();
  const ada = await service.register("ada", { email: "ada@example.org" });
  const ida = await service.register("ida");
  await answer(
    await service.call("PATCH", "/me", {
      token: ada.accessToken,
      body: { email: null },
    }),
  );
  await answer(
    await service.call("PATCH", "/me", {
      token: ida.accessToken,
      body: { email: "ada@example.org" },
    }),
  );
  const { user } = await service.login("ada@example.org");
  assert.equal(user.userId, ida.user.userId);
});

Deno.test("PATCH /me refuses what fails the schema", async () => {
  await using service = await startAccounts();
  const { accessToken: token } = await service.register("ada");
  const bodies = [
    { displayName: "" },
    { displayName: "x".repeat(65) },
    { about: "x".repeat(513) },
    { about: null },
    { userId: crypto.randomUUID() },
    { passwordHash: "x" },
    { password: "" },
    { deletedAt: null },
    [],
  ];
  for (const body of bodies) {
    await refused(
      await service.call("PATCH", "/me", { token, body }),
      "invalid_input",
    );
  }
});
