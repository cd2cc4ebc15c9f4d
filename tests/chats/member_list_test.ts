import assert from "node:assert/strict";
import {
  commonness,
  memberPage,
  membersOfCommonName,
  membersOfRareName,
  stretchEnd,
} from "../../src/chats/member_search_store.ts";
import type { Database } from "../../src/db/database.ts";
import { sql } from "../../src/db/sql.ts";
import type { Member } from "../../src/protocol/chats.ts";
import type { ChatId } from "../../src/protocol/ids.ts";
import type { List } from "../../src/protocol/page.ts";
import { accepted, refused } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import { testDatabase } from "../support/database.ts";
import { groupOf, newPerson, type Person } from "../support/peer.ts";
import { touched } from "../support/touched.ts";

/** Everyone that a query finds, page by page. */
async function found(by: Person, chatId: ChatId, query: string, limit = 100) {
  const names: (string | null)[] = [];
  let pages = 0;
  for (let cursor: string | null = ""; cursor !== null; pages++) {
    const from: string = cursor && `&cursor=${encodeURIComponent(cursor)}`;
    const page: List<Member> = accepted(
      await by.call<List<Member>>(
        "GET",
        `/chats/${chatId}/members?${query}&limit=${limit}${from}`,
      ),
    );
    assert.ok(page.items.length <= limit);
    names.push(...page.items.map(({ user }) => user.username));
    cursor = page.nextCursor;
  }
  return { names, pages };
}

/** People, one after the other a second apart in the group, with every `step`-th called Ida. */
const populate = (db: Database, chatId: string, people: number, step: number) =>
  db.run(
    sql`insert into users
        (user_id, username, display_name, password_hash, account_rev, created_at)
      select gen_random_uuid(), 'crowd' || n,
        case when n % ${step} = 0 then 'Ida ' || n else 'Crowd ' || n end, '', 1, now()
      from generate_series(1, ${people}) n`,
    sql`insert into members
        (chat_id, user_id, role, joined_at, joined_seq, rev, account_rev)
      select ${chatId}::uuid, user_id, 'member',
        date_trunc('milliseconds', now()) + substr(username, 6)::integer * interval '1 second', 0, 0, 1
      from users where username like 'crowd%'`,
    sql`analyze users, members`,
  );

Deno.test("members are found by name and role, each once", async (t) => {
  await using service = await testApp();
  const [ann, bob, cleo] = await Promise.all(
    ["annie", "annabel", "cleo"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person, Person];
  const outsider = await newPerson(service.url, "anna");
  const chatId = await groupOf(ann, bob, cleo);
  accepted(
    await ann.call("PATCH", `/chats/${chatId}/members/${bob.userId}`, {
      role: "admin",
    }),
  );
  accepted(await cleo.call("PATCH", "/me", { displayName: "ANNeliese 100%" }));

  await t.step("by the beginning of either name", async () => {
    for (const limit of [1, 2, 100]) {
      const { names } = await found(cleo, chatId, "query=AnN", limit);
      assert.deepEqual(
        names.toSorted(),
        [ann, bob, cleo].map(({ username }) => username).sort(),
      );
    }
    assert.deepEqual((await found(ann, chatId, "query=cle")).names, [
      cleo.username,
    ]);
    for (const none of ["liese", "%25", "_", "anneliese%20200", "zzz"]) {
      assert.deepEqual((await found(ann, chatId, `query=${none}`)).names, []);
    }
    assert.deepEqual(
      (await found(ann, chatId, "query=anneliese%20100%25")).names,
      [cleo.username],
    );
  });

  await t.step("by role, also with a name", async () => {
    const names = async (query: string) =>
      (await found(ann, chatId, query)).names;
    assert.deepEqual(await names("role=owner"), [ann.username]);
    assert.deepEqual(await names("role=admin"), [bob.username]);
    assert.deepEqual(await names("role=member"), [cleo.username]);
    assert.deepEqual(await names("role=subscriber"), []);
    assert.deepEqual(await names("role=admin&query=ann"), [bob.username]);
    assert.deepEqual(await names("role=admin&query=cleo"), []);
    const channel = accepted(
      await ann.call<{ chatId: ChatId }>("POST", "/chats", {
        kind: "channel",
        title: "News",
      }),
    );
    accepted(
      await ann.call("POST", `/chats/${channel.chatId}/members`, {
        userIds: [bob.userId],
      }),
    );
    for (
      const [role, who] of [["subscriber", [bob.username]], [
        "member",
        [],
      ]] as const
    ) {
      const { names } = await found(ann, channel.chatId, `role=${role}`);
      assert.deepEqual(names, who);
    }
  });

  await t.step("not by others, nor by nonsense", async () => {
    const path = `/chats/${chatId}/members`;
    refused(await outsider.call("GET", `${path}?query=ann`), "not_found");
    for (const query of ["query=", "role=king", `query=${"x".repeat(129)}`]) {
      refused(await ann.call("GET", `${path}?${query}`), "invalid_input");
    }
  });

  await t.step("however many have the name", async () => {
    const large = await groupOf(ann);
    await populate(service.db.database, large, 12_000, 4);
    const idas = Array.from({ length: 3000 }, (_, i) => `crowd${(i + 1) * 4}`);
    const { names, pages } = await found(ann, large, "query=ida");
    assert.deepEqual(names, idas);
    assert.ok(pages <= 33, `${pages} pages`);
    assert.deepEqual((await found(ann, large, "query=crowd11999")).names, [
      "crowd11999",
    ]);
    // Many have the name, and nobody here: a few empty pages, and the end.
    const none = await found(ann, chatId, "query=ida");
    assert.deepEqual(none, { names: [], pages: 1 });
  });
  assert.deepEqual(service.complaints, []);
});

Deno.test("a page of the members touches as many rows in a large group as in a larger", async () => {
  await using db = await testDatabase();
  const chatId = crypto.randomUUID() as ChatId;
  const statements = (after: Parameters<typeof memberPage>[0]["after"]) => {
    const wish = { chatId, role: undefined, after };
    return {
      page: memberPage(wish, 101),
      charge: memberPage({ ...wish, role: "admin" as const }, 101),
      unfit: memberPage({ ...wish, role: "subscriber" as const }, 101),
      rare: membersOfRareName(wish, "crowd777", 101),
      commonness: commonness("crowd"),
      common: membersOfCommonName(wish, "ida", 101),
      end: stretchEnd(wish),
    };
  };
  const costs: Record<string, number>[] = [];
  for (const people of [10_000, 30_000]) {
    await db.database.run(
      sql`delete from users`,
      sql`delete from members`,
    );
    await populate(db.database, chatId, people, 4);
    const at = new Date(Date.now() + people * 500).toISOString();
    const after = { at, id: chatId as string as never };
    const cost: Record<string, number> = {};
    for (const [name, statement] of Object.entries(statements(after))) {
      cost[name] = await touched(db.database, statement);
    }
    costs.push(cost);
  }
  const [small, large] = costs;
  for (const name of Object.keys(small!)) {
    assert.ok(
      large![name]! <= small![name]! * 1.2 + 50,
      `${name}: ${JSON.stringify(costs)}`,
    );
  }
});
