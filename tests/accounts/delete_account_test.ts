import assert from "node:assert/strict";
import { changePassword } from "../../src/accounts/change_password.ts";
import { deleteAccount } from "../../src/accounts/delete_account.ts";
import { holdMs } from "../../src/accounts/hold_username.ts";
import { renameDevice } from "../../src/accounts/rename_device.ts";
import { account } from "../../src/accounts/mod.ts";
import { updateProfile } from "../../src/accounts/update_profile.ts";
import { commitBatch } from "../../src/changes/commit.ts";
import type { Command } from "../../src/changes/mod.ts";
import { addMembers } from "../../src/chats/add_members.ts";
import { createChat } from "../../src/chats/create.ts";
import { sql } from "../../src/db/sql.ts";
import type { User } from "../../src/protocol/accounts.ts";
import type { ChatId } from "../../src/protocol/ids.ts";
import type { List } from "../../src/protocol/page.ts";
import type { Problem } from "../../src/protocol/problem.ts";
import {
  answer,
  password,
  refused,
  type SignedIn,
  startAccounts,
  type TestService,
} from "./service.ts";
import { silent } from "../support/silent.ts";

const remove = (
  service: Pick<TestService, "call">,
  { accessToken: token }: SignedIn,
  given = password,
) => service.call("DELETE", "/me", { token, body: { password: given } });

Deno.test("a deleted account is out on every device and isolate, and nobody can sign in to it", async () => {
  await using service = await startAccounts();
  const other = await service.anotherIsolate();
  const ada = await service.register("ada", { email: "ada@example.org" });
  const tablet = await service.login("ada");
  service.events.length = 0;
  const response = await remove(service, ada);
  assert.match(response.headers.get("set-cookie")!, /Max-Age=0/);
  await answer(response, 204);

  for (const { accessToken, refreshToken } of [ada, tablet]) {
    await refused(
      await other.call("GET", "/me", { token: accessToken }),
      "token_revoked",
    );
    await refused(
      await other.call("POST", "/auth/refresh", { body: { refreshToken } }),
      "unauthenticated",
    );
  }
  for (const login of ["ada", "ada@example.org"]) {
    const body = { login, password };
    await refused(
      await other.call("POST", "/auth/login", { body }),
      "bad_credentials",
    );
  }
  assert.deepEqual(
    service.events.map(({ rev, event }) => [
      rev,
      event.type === "device.updated" && event.device.deviceId,
      event.type === "device.updated" && event.device.revokedAt !== null,
    ]),
    [[4, ada.device.deviceId, true], [5, tablet.device.deviceId, true]],
  );
  assert.deepEqual(service.deleted, [ada.user.userId]);
});

Deno.test("a deletion needs the password", async () => {
  await using service = await startAccounts({
    perName: { burst: 2, perSecond: 1 },
  });
  const ada = await service.register("ada");
  const token = ada.accessToken;
  for (const body of [{}, { password: "" }, { password: 1 }, { yes: true }]) {
    await refused(
      await service.call("DELETE", "/me", { token, body }),
      "invalid_input",
    );
  }
  await refused(
    await service.call("DELETE", "/me", { token }),
    "unsupported_media",
  );
  await refused(await remove(service, ada, "wrong one"), "bad_credentials");
  await refused(await remove(service, ada, "wrong too"), "bad_credentials");
  await refused(await remove(service, ada), "rate_limited");
  await answer(await service.call("GET", "/me", { token }));
  assert.deepEqual(service.deleted, []);
});

Deno.test("a placeholder stands where a deleted person was, and no search finds it", async () => {
  await using service = await startAccounts();
  const ada = await service.register("ada", { displayName: "Ada L." });
  const { accessToken: token } = await service.register("ida");
  await answer(await remove(service, ada), 204);
  const { userId } = ada.user;
  assert.deepEqual(
    await answer(await service.call("GET", `/users/${userId}`, { token })),
    {
      userId,
      username: null,
      displayName: "Deleted account",
      about: "",
      relationship: "none",
    },
  );
  for (const query of ["ada", "Deleted", "deleted account", "D"]) {
    const found = await answer<List<User>>(
      await service.call("GET", `/users?query=${query}`, { token }),
    );
    assert.deepEqual(found.items, [], query);
  }
});

Deno.test("the name of a deleted account is nobody's for 30 days, its address is free at once", async () => {
  await using service = await startAccounts();
  const email = "ada@example.org";
  const ada = await service.register("ada", { email });
  const token = ada.accessToken;
  const renamed = { token, body: { username: "lovelace" } };
  await answer(await service.call("PATCH", "/me", renamed));
  const start = service.clock.ms += 1000;
  await answer(await remove(service, ada), 204);

  const register = (username: string, more = {}) =>
    service.call("POST", "/auth/register", {
      body: { username, password, ...more },
    });
  await answer(await register("someone", { email }), 201);
  for (const name of ["ada", "lovelace"]) {
    await refused(await register(name), "username_taken");
  }
  const [rows] = await service.db.run(
    sql<{ userId: string | null }>`select user_id from held_usernames`,
  );
  assert.deepEqual(rows.map(({ userId }) => userId), [null, null]);
  // The one given up before ends before.
  service.clock.ms = start + holdMs - 1;
  await answer(await register("ada"), 201);
  await refused(await register("lovelace"), "username_taken");
  service.clock.ms = start + holdMs;
  await answer(await register("lovelace"), 201);
});

Deno.test("of deletions at the same time all succeed, and one happens", async () => {
  await using service = await startAccounts();
  const other = await service.anotherIsolate();
  const devices = [await service.register("ada"), await service.login("ada")];
  service.events.length = 0;
  const responses = await Promise.all(
    [...devices, ...devices].map((device, i) =>
      remove(i % 2 ? service : other, device)
    ),
  );
  // One that came to the door after another was done is not let in.
  for (const response of responses) {
    if (response.status !== 204) await refused(response, "token_revoked");
  }
  assert.ok(responses.some(({ status }) => status === 204));
  assert.equal(service.events.length, 2);
});

Deno.test("a password that was changed while it was checked does not delete", async () => {
  await using service = await startAccounts();
  const ada = await service.register("ada");
  service.argon2.afterNext = async () => {
    const body = { current: password, next: "another secret" };
    const { accessToken: token } = ada;
    await answer(
      await service.call("PUT", "/me/password", { token, body }),
      204,
    );
  };
  await refused(await remove(service, ada), "bad_credentials");
  await answer(await remove(service, ada, "another secret"), 204);
});

Deno.test("a hash that was renewed while it was checked deletes all the same", async () => {
  await using service = await startAccounts();
  const ada = await service.register("ada");
  await service.register("ida");
  service.argon2.afterNext = async () => {
    await service.db.run(
      sql`update users set password_hash = other.password_hash from users other
        where users.username = 'ada' and other.username = 'ida'`,
    );
  };
  await answer(await remove(service, ada), 204);
});

Deno.test("in the batch of a deletion nothing of the account is changed after it", async () => {
  await using service = await startAccounts();
  const ada = await service.register("ada", { email: "ada@example.org" });
  const ida = await service.register("ida");
  const { userId } = ada.user;
  const { deviceId } = ada.device;
  const now = new Date(service.clock.ms);
  const [[stored]] = await service.db.run(account(userId));
  const verifiedHash = stored!.passwordHash;
  const newChat = () => crypto.randomUUID() as ChatId;
  const dataKey = (chatId: ChatId) => ({
    chatId,
    keyVersion: 1,
    masterKeyId: "m",
    wrapped: new Uint8Array(1),
  });
  const [first, second, group] = [newChat(), newChat(), newChat()];
  const wish = { kind: "group", title: "A group", creatorId: userId } as const;
  const patch = (patch: { username?: string; email?: string }, by = ada) =>
    updateProfile({
      userId: by.user.userId,
      deviceId: by.device.deviceId,
      patch,
      now,
    });
  const batch: [Command<unknown>, string][] = [
    [
      createChat(silent(group), {
        chatId: group,
        kind: "group",
        title: "Ida's",
        creatorId: ida.user.userId,
        memberIds: [],
        dataKey: dataKey(group),
      }),
      "done",
    ],
    [deleteAccount({ userId, verifiedHash }), "done"],
    [deleteAccount({ userId, verifiedHash }), "done"],
    [patch({ username: "lovelace" }), "not_found"],
    [renameDevice(userId, deviceId, "Kitchen"), "not_found"],
    [
      changePassword({ userId, deviceId, verifiedHash, nextHash: "next" }),
      "conflict",
    ],
    [
      createChat(silent(group), {
        chatId: first,
        ...wish,
        memberIds: [ida.user.userId],
        dataKey: dataKey(first),
      }),
      "not_found",
    ],
    [
      createChat(silent(group), {
        ...wish,
        chatId: second,
        creatorId: ida.user.userId,
        memberIds: [userId],
        dataKey: dataKey(second),
      }),
      "not_found",
    ],
    [addMembers(silent(group), group, ida.user.userId, [userId]), "not_found"],
    [patch({ username: "ada" }, ida), "username_taken"],
    [patch({ email: "ada@example.org" }, ida), "done"],
  ];
  const { settled } = await commitBatch(
    service.db,
    batch.map(([command]) => command),
    now,
  );
  assert.deepEqual(
    settled.map((each) =>
      "error" in each ? (each.error as Problem).code : "done"
    ),
    batch.map(([, outcome]) => outcome),
  );
  const [[row], members] = await service.db.run(
    sql<{ username: null; email: null; passwordHash: string }>`select
      username, email, password_hash from users where user_id = ${userId}::uuid`,
    sql`select 1 from members where user_id = ${userId}::uuid`,
  );
  assert.deepEqual(row, { username: null, email: null, passwordHash: "" });
  assert.equal(members.length, 0);
});
