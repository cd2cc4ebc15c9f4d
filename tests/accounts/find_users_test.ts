import assert from "node:assert/strict";
import { usersByDisplayName } from "../../src/accounts/store.ts";
import { sql } from "../../src/db/sql.ts";
import type { User } from "../../src/protocol/accounts.ts";
import type { List } from "../../src/protocol/page.ts";
import { touched } from "../support/touched.ts";
import { answer, refused, startAccounts } from "./service.ts";

Deno.test("people are found by the beginning of their username, then of their display name", async () => {
  await using service = await startAccounts();
  const { accessToken: token } = await service.register("seeker");
  for (
    const [username, displayName] of [
      ["anna", "Zoe"],
      ["an_b", "Anna"],
      ["anxb", "x"],
      ["carl", "Anton"],
      ["dora", "ANNE"],
      ["emil", "50% off"],
      ["finn", "Jo\\hn"],
      ["gina", "Évelyne"],
    ] as const
  ) await service.register(username, { displayName });

  const find = async (query: string, limit = 50) => {
    const names: (string | null)[] = [];
    let cursor: string | null = null;
    do {
      const search = new URLSearchParams({
        query,
        limit: String(limit),
        ...(cursor === null ? {} : { cursor }),
      });
      const page: List<User> = await answer(
        await service.call("GET", `/users?${search}`, { token }),
      );
      assert.ok(page.items.length <= limit);
      names.push(...page.items.map(({ username }) => username));
      cursor = page.nextCursor;
    } while (cursor !== null);
    return names;
  };

  const an = ["an_b", "anna", "anxb", "dora", "carl"];
  for (const limit of [50, 5, 4, 3, 2, 1]) {
    assert.deepEqual(await find("an", limit), an, `pages of ${limit}`);
  }
  assert.deepEqual(await find("AN"), an);
  assert.deepEqual(await find("an_"), ["an_b"]);
  assert.deepEqual(await find("50%"), ["emil"]);
  assert.deepEqual(await find("%"), []);
  assert.deepEqual(await find("jo\\"), ["finn"]);
  assert.deepEqual(await find("Évelyne"), ["gina"]);
  assert.deepEqual(await find("'; drop table users; --"), []);
});

Deno.test("a page looks through so many display names only, and the pages show all", async () => {
  await using service = await startAccounts();
  const { accessToken: token } = await service.register("seeker");
  const database = service.db;
  await database.run(
    sql`insert into users
        (user_id, username, display_name, password_hash, account_rev, created_at)
      select gen_random_uuid(), case when n % 1000 = 0 then 'x' else 'crowd' end || n,
        'Crowd' || n, '', 1, now()
      from generate_series(1001, 4000) n`,
  );
  await database.run(sql`analyze users`);
  const rows = await touched(database, usersByDisplayName("crowd", null, 101));
  assert.ok(rows <= 1001, `${rows} rows`);
  const found: (string | null)[] = [];
  // Past the usernames, where the display names alone follow.
  let cursor: string | null = "ucrowd~";
  while (cursor !== null) {
    const search = new URLSearchParams({ query: "crowd", cursor });
    const page: List<User> = await answer(
      await service.call("GET", `/users?${search}`, { token }),
    );
    found.push(...page.items.map(({ username }) => username));
    cursor = page.nextCursor;
  }
  assert.deepEqual(found, ["x2000", "x3000", "x4000"]);
});

Deno.test("a search needs words, and a cursor of its own", async () => {
  await using service = await startAccounts();
  const { accessToken: token } = await service.register("ada");
  for (
    const search of [
      "",
      "?query=",
      `?query=${"x".repeat(65)}`,
      "?query=%00",
      "?query=a&cursor=x",
      "?query=a&cursor=u%00",
      "?query=a&cursor=n",
      `?query=a&cursor=n${crypto.randomUUID()}%00`,
      "?query=a&query=b",
    ]
  ) {
    await refused(
      await service.call("GET", `/users${search}`, { token }),
      "invalid_input",
    );
  }
});

Deno.test("a profile shows no more than others may see", async () => {
  await using service = await startAccounts();
  const ada = await service.register("ada", { email: "ada@example.org" });
  const { accessToken: token } = await service.register("ida");
  const profile = await answer(
    await service.call("GET", `/users/${ada.user.userId}`, { token }),
  );
  assert.deepEqual(profile, {
    userId: ada.user.userId,
    username: "ada",
    displayName: "ada",
    about: "",
    relationship: "none",
  });
  await refused(
    await service.call("GET", `/users/${crypto.randomUUID()}`, { token }),
    "not_found",
  );
});

Deno.test("every route but those of signing in wants a token", async () => {
  await using service = await startAccounts();
  const id = crypto.randomUUID();
  for (
    const [method, path] of [
      ["POST", "/auth/logout"],
      ["GET", "/me"],
      ["PATCH", "/me"],
      ["PUT", "/me/password"],
      ["GET", "/me/devices"],
      ["PATCH", `/me/devices/${id}`],
      ["DELETE", `/me/devices/${id}`],
      ["GET", "/users?query=a"],
      ["GET", `/users/${id}`],
    ] as const
  ) {
    await refused(await service.call(method, path), "unauthenticated");
  }
});
