import assert from "node:assert/strict";
import { heldAtMost, holdMs } from "../../src/accounts/hold_username.ts";
import { commitBatch } from "../../src/changes/commit.ts";
import { updateProfile } from "../../src/accounts/update_profile.ts";
import { sql } from "../../src/db/sql.ts";
import type { Me } from "../../src/protocol/accounts.ts";
import type { Problem } from "../../src/protocol/problem.ts";
import {
  answer,
  password,
  refused,
  type SignedIn,
  startAccounts,
  type TestService,
} from "./service.ts";

const rename = (
  service: Pick<TestService, "call">,
  { accessToken: token }: SignedIn,
  username: string,
) => service.call("PATCH", "/me", { token, body: { username } });

const register = (service: TestService, username: string) =>
  service.call("POST", "/auth/register", { body: { username, password } });

Deno.test("a name given up is held for 30 days, and free after that", async () => {
  await using service = await startAccounts();
  const ada = await service.register("ada");
  const ida = await service.register("ida");
  const start = service.clock.ms;
  await answer(await rename(service, ada, "lovelace"));

  for (const ms of [0, holdMs - 1]) {
    service.clock.ms = start + ms;
    const { accessToken } = await service.login("ida");
    const again = { ...ida, accessToken };
    await refused(await rename(service, again, "ADA"), "username_taken");
    await refused(await register(service, "Ada"), "username_taken");
    await refused(
      await service.call("POST", "/auth/login", {
        body: { login: "ada", password },
      }),
      "bad_credentials",
    );
  }
  service.clock.ms = start + holdMs;
  const { user } = await answer<SignedIn>(await register(service, "ada"), 201);
  assert.equal(user.username, "ada");
});

Deno.test("the former owner may take a held name back, and then nobody else", async () => {
  await using service = await startAccounts();
  const ada = await service.register("ada");
  await answer(await rename(service, ada, "lovelace"));
  const back = await answer<Me>(await rename(service, ada, "ada"));
  assert.equal(back.username, "ada");
  // Taken back it is held no more, so that its owner can give it up anew.
  const held = async () => {
    const [rows] = await service.db.run(
      sql<{ username: string }>`select username from held_usernames`,
    );
    return rows.map(({ username }) => username);
  };
  assert.deepEqual(await held(), ["lovelace"]);
  await refused(await register(service, "ada"), "username_taken");
  await refused(await register(service, "lovelace"), "username_taken");
  await answer(await rename(service, ada, "countess"));
  assert.deepEqual((await held()).sort(), ["ada", "lovelace"]);
});

Deno.test("renaming again and again does not keep any number of names from the others", async () => {
  await using service = await startAccounts();
  const ada = await service.register("ada");
  const start = service.clock.ms;
  for (let i = 0; i < heldAtMost; i++) {
    service.clock.ms = start + i;
    await answer(await rename(service, ada, `ada.${i}`));
  }
  const once = await rename(service, ada, "one.too.many");
  assert.equal(once.status, 429);
  const { retryAfterMs } = await once.json();
  assert.equal(retryAfterMs, start + holdMs - service.clock.ms);
  // Between the names that are held for it anyway, the account may go back and forth.
  await answer(await rename(service, ada, "ada"));
  await answer(await rename(service, ada, "ada.0"));

  service.clock.ms += holdMs;
  const later = { ...ada, ...await service.login("ada.0") };
  await answer(await rename(service, later, "one.too.many"));
});

Deno.test("of all who reach for a name at the moment it is given up, nobody gets it", async () => {
  await using service = await startAccounts();
  const other = await service.anotherIsolate();
  const ada = await service.register("ada");
  const rivals = await Promise.all(
    ["bea", "cleo", "dora"].map((name) => service.register(name)),
  );
  const [handedOver, ...reaching] = await Promise.all([
    rename(service, ada, "lovelace"),
    ...rivals.map((rival, i) => rename(i % 2 ? service : other, rival, "ada")),
    register(service, "ada"),
  ]);
  assert.equal(handedOver!.status, 200);
  for (const response of reaching) await refused(response, "username_taken");
});

Deno.test("two who want each other's names keep their own", async () => {
  await using service = await startAccounts();
  const other = await service.anotherIsolate();
  const ada = await service.register("ada");
  const ida = await service.register("ida");
  const swap = await Promise.all([
    rename(service, ada, "ida"),
    rename(other, ida, "ada"),
  ]);
  for (const response of swap) await refused(response, "username_taken");
  for (const [name, { user }] of [["ada", ada], ["ida", ida]] as const) {
    assert.equal((await service.login(name)).user.userId, user.userId);
  }
});

Deno.test("within one batch a name given up is held for those after it", async () => {
  await using service = await startAccounts();
  const ada = await service.register("ada");
  const ida = await service.register("ida");
  const now = new Date(service.clock.ms);
  const to = ({ user, device }: SignedIn, username: string) =>
    updateProfile({
      userId: user.userId,
      deviceId: device.deviceId,
      patch: { username },
      now,
    });
  const { settled } = await commitBatch(
    service.db,
    [to(ada, "lovelace"), to(ida, "ada"), to(ada, "ada"), to(ida, "lovelace")],
    now,
  );
  assert.deepEqual(
    settled.map((each) =>
      "error" in each
        ? (each.error as Problem).code
        : (each.reply as { username: string }).username
    ),
    ["lovelace", "username_taken", "ada", "username_taken"],
  );
});
