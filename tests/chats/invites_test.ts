import assert from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import type { Member } from "../../src/protocol/chats.ts";
import type { ChatId, InviteId } from "../../src/protocol/ids.ts";
import type {
  Invite,
  InvitePreview,
  JoinRequest,
} from "../../src/protocol/invites.ts";
import type { List } from "../../src/protocol/page.ts";
import type { ChatItem } from "../../src/protocol/sync.ts";
import { history, send } from "../messages/talk.ts";
import { accepted, refused } from "../support/answers.ts";
import { anotherIsolate, testApp } from "../support/app.ts";
import {
  type Answer,
  directChat,
  groupOf,
  newPerson,
  password,
  type Person,
} from "../support/peer.ts";

type Made = Invite & { code: string; duplicate?: boolean };

const invite = async (
  by: Person,
  chatId: ChatId,
  wish: Record<string, unknown> = {},
) => accepted(await by.call<Made>("POST", `/chats/${chatId}/invites`, wish));

const redeem = (by: Person, { code }: { code: string }) =>
  by.call<ChatItem>("POST", `/invites/${code}/join`);

const invitesOf = async (by: Person, chatId: ChatId) =>
  accepted(await by.call<List<Made>>("GET", `/chats/${chatId}/invites`)).items;

const waitingFor = async (by: Person, chatId: ChatId) =>
  accepted(
    await by.call<List<JoinRequest>>("GET", `/chats/${chatId}/join-requests`),
  ).items.map(({ user }) => user.userId);

const requestOf = (chatId: ChatId, who: Person | "me") =>
  `/chats/${chatId}/join-requests/${who === "me" ? who : who.userId}`;

const memberCount = async (by: Person, chatId: ChatId) =>
  accepted(await by.call<ChatItem>("GET", `/chats/${chatId}`)).memberCount;

Deno.test("invitations", async (t) => {
  await using service = await testApp();
  const { url, db: { database } } = service;
  const [owner, ann, bob, cleo, dan] = await Promise.all(
    ["o", "ann", "bob", "cleo", "dan"].map((name) => newPerson(url, name)),
  ) as [Person, Person, Person, Person, Person];
  const privateChannel = async () =>
    accepted(
      await owner.call<ChatItem>("POST", "/chats", {
        kind: "channel",
        title: "Inner circle",
        about: "For few",
      }),
    );

  await t.step(
    "whoever has the code looks where it leads, and comes in",
    async () => {
      const group = await groupOf(owner, bob);
      const made = await invite(owner, group);
      assert.match(made.code, /^[A-Za-z0-9_-]{32}$/);
      assert.deepEqual(
        accepted(await ann.call<InvitePreview>("GET", `/invites/${made.code}`)),
        {
          kind: "group",
          title: "A group",
          about: "",
          memberCount: 2,
          needsApproval: false,
        },
      );
      await using line = await bob.connect();
      const mine = accepted(await redeem(ann, made));
      assert.deepEqual([mine.chatId, mine.me.role], [group, "member"]);
      const joined = await line.heard("member.joined");
      assert.equal(joined.member.userId, ann.userId);
      accepted(await redeem(ann, made));
      assert.equal((await invitesOf(owner, group))[0]!.uses, 1);

      const channel = await privateChannel();
      const code = await invite(owner, channel.chatId);
      const subscribed = accepted(await redeem(ann, code));
      assert.equal(subscribed.me.role, "subscriber");
      assert.equal(subscribed.rev, channel.rev);
    },
  );

  await t.step(
    "those who run the chat alone make, see and revoke them",
    async () => {
      const group = await groupOf(owner, ann);
      const made = await invite(owner, group, { maxUses: 5 });
      const path = `/chats/${group}/invites`;
      for (
        const [by, code] of [[ann, "forbidden"], [bob, "not_found"]] as const
      ) {
        refused(await by.call("POST", path, {}), code);
        refused(await by.call("GET", path), code);
        refused(await by.call("DELETE", `${path}/${made.inviteId}`), code);
        refused(await by.call("GET", `/chats/${group}/join-requests`), code);
      }
      const direct = await directChat(owner, ann);
      refused(
        await owner.call("POST", `/chats/${direct}/invites`, {}),
        "forbidden",
      );
      const [shown] = await invitesOf(owner, group);
      assert.deepEqual(shown, made);
      accepted(await owner.call("DELETE", `${path}/${made.inviteId}`));
      refused(
        await owner.call("DELETE", `${path}/${made.inviteId}`),
        "not_found",
      );
      refused(await redeem(bob, made), "not_found");
      refused(await bob.call("GET", `/invites/${made.code}`), "not_found");
      assert.deepEqual(await invitesOf(owner, group), []);
    },
  );

  await t.step("an id of the maker's own makes one invitation", async () => {
    const group = await groupOf(owner, ann);
    const inviteId = crypto.randomUUID() as InviteId;
    const answers = await Promise.all(
      [1, 2, 3].map(() => invite(owner, group, { inviteId })),
    );
    assert.equal(new Set(answers.map(({ code }) => code)).size, 1);
    assert.equal(
      answers.filter(({ duplicate }) => duplicate === undefined).length,
      1,
    );
    const members = `/chats/${group}/members/${ann.userId}`;
    accepted(await owner.call("PATCH", members, { role: "admin" }));
    refused(
      await ann.call("POST", `/chats/${group}/invites`, { inviteId }),
      "id_taken",
    );
  });

  await t.step("one that has run out opens nothing", async () => {
    const group = await groupOf(owner);
    const path = `/chats/${group}/invites`;
    const past = new Date(Date.now() - 1000).toISOString();
    refused(
      await owner.call("POST", path, { expiresAt: past }),
      "invalid_input",
    );
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const made = await invite(owner, group, { expiresAt });
    assert.equal(made.expiresAt, expiresAt);
    accepted(await redeem(ann, made));
    await database.run(
      sql`update invites set expires_at = now() - interval '1 second'
        where invite_id = ${made.inviteId}::uuid`,
    );
    refused(await redeem(bob, made), "conflict");
    refused(await bob.call("GET", `/invites/${made.code}`), "conflict");
    // Whoever is in already is.
    accepted(await redeem(ann, made));
  });

  await t.step(
    "of many who use its last uses at once, on two isolates, exactly so many come in",
    async () => {
      await using other = await anotherIsolate(service);
      const group = await groupOf(owner);
      const made = await invite(owner, group, { maxUses: 3 });
      const crowd = await Promise.all(
        Array.from({ length: 8 }, (_, i) => newPerson(url, `crowd${i}`)),
      );
      const statuses = await Promise.all(crowd.map(async (person, i) => {
        const door = i % 2 === 0 ? url : other.url;
        const response = await fetch(
          `${door}/api/v1/invites/${made.code}/join`,
          {
            method: "POST",
            headers: { authorization: `Bearer ${person.session.accessToken}` },
          },
        );
        await response.body?.cancel();
        return response.status;
      }));
      assert.deepEqual(
        statuses.toSorted(),
        [...Array(3).fill(200), ...Array(5).fill(409)],
      );
      assert.equal(await memberCount(owner, group), 4);
      assert.equal((await invitesOf(owner, group))[0]!.uses, 3);
    },
  );

  await t.step(
    "where it needs approval, one waits until one is let in",
    async () => {
      const channel = await privateChannel();
      const { chatId } = channel;
      await send(owner, chatId);
      const made = await invite(owner, chatId, {
        needsApproval: true,
        maxUses: 2,
      });
      for (const by of [ann, bob, ann]) {
        const answer = await redeem(by, made);
        assert.deepEqual([answer.status, answer.body], [202, {
          status: "waiting",
        }]);
      }
      refused(await redeem(cleo, made), "conflict");
      refused(await ann.call("GET", `/chats/${chatId}/messages`), "not_found");
      assert.deepEqual(await waitingFor(owner, chatId), [
        ann.userId,
        bob.userId,
      ]);
      refused(await ann.call("POST", requestOf(chatId, ann)), "not_found");
      refused(await cleo.call("DELETE", requestOf(chatId, ann)), "not_found");
      await using line = await ann.connect();
      const member = accepted(
        await owner.call<Member>("POST", requestOf(chatId, ann)),
      );
      assert.deepEqual([member.userId, member.role], [
        ann.userId,
        "subscriber",
      ]);
      await line.heard("chat.created", (event) => event.chatId === chatId);
      assert.equal((await history(ann, chatId)).items.length, 1);
      refused(await owner.call("POST", requestOf(chatId, ann)), "not_found");
      refused(await ann.call("DELETE", requestOf(chatId, bob)), "forbidden");
      accepted(await owner.call("DELETE", requestOf(chatId, bob)));
      refused(await owner.call("DELETE", requestOf(chatId, bob)), "not_found");
      refused(await bob.call("GET", `/chats/${chatId}`), "not_found");
      // The use that bob's request took is there again.
      assert.equal((await redeem(cleo, made)).status, 202);
      accepted(await cleo.call("DELETE", requestOf(chatId, "me")));
      assert.deepEqual(await waitingFor(owner, chatId), []);
      assert.equal((await invitesOf(owner, chatId))[0]!.uses, 1);
    },
  );

  await t.step(
    "a request outlives its invitation, and ends with another way in",
    async () => {
      const { chatId } = await privateChannel();
      const slow = await invite(owner, chatId, { needsApproval: true });
      const quick = await invite(owner, chatId);
      for (const by of [bob, cleo]) await redeem(by, slow);
      accepted(
        await owner.call("DELETE", `/chats/${chatId}/invites/${slow.inviteId}`),
      );
      accepted(await redeem(bob, quick));
      assert.deepEqual(await waitingFor(owner, chatId), [cleo.userId]);
      accepted(await owner.call("POST", requestOf(chatId, cleo)));
      assert.equal(await memberCount(owner, chatId), 3);
      const again = await invite(owner, chatId, { needsApproval: true });
      for (const by of [ann, dan]) await redeem(by, again);
      const userIds = [ann.userId];
      accepted(
        await owner.call("POST", `/chats/${chatId}/members`, { userIds }),
      );
      const open = { visibility: "public", handle: `open${Date.now()}` };
      accepted(await owner.call("PATCH", `/chats/${chatId}`, open));
      accepted(await dan.call("POST", `/chats/${chatId}/join`));
      assert.deepEqual(await waitingFor(owner, chatId), []);
    },
  );

  await t.step(
    "whoever waits by one and comes in otherwise, or not at all, uses none of it",
    async () => {
      const { chatId } = await privateChannel();
      const slow = await invite(owner, chatId, {
        needsApproval: true,
        maxUses: 1,
      });
      const quick = await invite(owner, chatId);
      const handle = `way${Date.now()}`;
      const open = { visibility: "public", handle };
      accepted(await owner.call("PATCH", `/chats/${chatId}`, open));
      const userIds = [ann.userId];
      const members = `/chats/${chatId}/members`;
      const banOfAnn = `/chats/${chatId}/bans/${ann.userId}`;
      const ways: Record<string, () => Promise<Answer<unknown>>> = {
        "by another invitation": () => redeem(ann, quick),
        "as in any public channel": () =>
          ann.call("POST", `/chats/${chatId}/join`),
        "added by the owner": () => owner.call("POST", members, { userIds }),
        "banned": () => owner.call("PUT", banOfAnn),
      };
      for (const [way, come] of Object.entries(ways)) {
        assert.equal((await redeem(ann, slow)).status, 202, way);
        refused(await redeem(bob, slow), "conflict");
        accepted(await come());
        assert.deepEqual(await waitingFor(owner, chatId), [], way);
        assert.deepEqual(
          (await invitesOf(owner, chatId)).map(({ uses }) => uses),
          [0, 1],
          way,
        );
        await ann.call("DELETE", `${members}/me`);
      }
      accepted(await owner.call("DELETE", banOfAnn));

      const other = await invite(owner, chatId, {
        needsApproval: true,
        maxUses: 1,
      });
      const gone = await newPerson(url, "gone");
      for (const made of [slow, other]) {
        assert.equal((await redeem(gone, made)).status, 202);
      }
      accepted(await gone.call("DELETE", "/me", { password }));
      // It is erased in the background.
      while ((await waitingFor(owner, chatId)).length > 0);
      assert.deepEqual(
        (await invitesOf(owner, chatId)).map(({ uses }) => uses),
        [0, 1, 0],
      );
    },
  );

  await t.step(
    "of one that is revoked and used at once, nobody is in by it later",
    async () => {
      const group = await groupOf(owner);
      const made = await invite(owner, group);
      const path = `/chats/${group}/invites/${made.inviteId}`;
      const [gone, came] = await Promise.all([
        owner.call("DELETE", path),
        redeem(dan, made),
      ]);
      assert.equal(gone.status, 204);
      assert.ok([200, 404].includes(came.status));
      assert.equal(
        await memberCount(owner, group),
        came.status === 200 ? 2 : 1,
      );
      refused(await redeem(cleo, made), "not_found");
    },
  );

  await t.step(
    "one opens nothing while its maker may not invite",
    async () => {
      const admin = { role: "admin" };
      for (
        const [method, path, body] of [
          ["PATCH", "members", { role: "member" }],
          ["PATCH", "members", { rights: ["pinMessages"] }],
          ["DELETE", "members", undefined],
          ["PUT", "bans", undefined],
        ] as const
      ) {
        const group = await groupOf(owner, ann);
        const member = `/chats/${group}/members/${ann.userId}`;
        accepted(await owner.call("PATCH", member, admin));
        const made = await invite(ann, group);
        const waited = await invite(ann, group, { needsApproval: true });
        assert.equal((await redeem(cleo, waited)).status, 202);
        accepted(await redeem(bob, made));
        accepted(
          await owner.call(
            method,
            `/chats/${group}/${path}/${ann.userId}`,
            body,
          ),
        );
        for (const { code } of [made, waited]) {
          refused(await redeem(dan, { code }), "not_found");
          refused(await dan.call("GET", `/invites/${code}`), "not_found");
        }
        assert.deepEqual(await waitingFor(owner, group), [cleo.userId]);
      }
      const group = await groupOf(owner, ann);
      accepted(
        await owner.call(
          "PATCH",
          `/chats/${group}/members/${ann.userId}`,
          admin,
        ),
      );
      const made = await invite(ann, group);
      accepted(await ann.call("DELETE", `/chats/${group}/members/me`));
      refused(await redeem(dan, made), "not_found");
      refused(await redeem(ann, made), "not_found");
    },
  );

  await t.step("with its chat all invitations and requests end", async () => {
    const { chatId } = await privateChannel();
    const made = await invite(owner, chatId, { needsApproval: true });
    await redeem(ann, made);
    accepted(await owner.call("DELETE", `/chats/${chatId}`));
    refused(await redeem(bob, made), "not_found");
    refused(await ann.call("DELETE", requestOf(chatId, "me")), "not_found");
  });

  await t.step("the database holds no code that opens anything", async () => {
    const group = await groupOf(owner);
    const made = await invite(owner, group);
    const [rows] = await database.run(
      sql<{ row: string }>`select invites::text || encode(sealed_code, 'escape')
        || encode(code_hash, 'escape') as row from invites`,
    );
    assert.ok(rows.length > 0);
    const hex = new TextEncoder().encode(made.code).toHex();
    for (const { row } of rows) {
      assert.ok(!row.includes(made.code) && !row.includes(hex));
    }
  });

  await t.step(
    "a code that was moved to another row is not shown there",
    async () => {
      const group = await groupOf(owner);
      const [one, two] = [
        await invite(owner, group),
        await invite(owner, group),
      ];
      await database.run(
        sql`update invites set sealed_code = (
          select sealed_code from invites where invite_id = ${one.inviteId}::uuid)
        where invite_id = ${two.inviteId}::uuid`,
      );
      assert.deepEqual(
        (await invitesOf(owner, group)).map(({ code }) => code),
        [one.code, null],
      );
      assert.match(service.complaints.pop()!, /does not open/);
    },
  );

  await t.step("a chat has only so many", async () => {
    const group = await groupOf(owner);
    await database.run(
      sql`insert into invites select ${group}::uuid, gen_random_uuid(),
          sha256(gen_random_uuid()::text::bytea), 1, '', ${owner.userId}::uuid, now(),
          null, null, 0, false from generate_series(1, 99)`,
    );
    await invite(owner, group);
    refused(
      await owner.call("POST", `/chats/${group}/invites`, {}),
      "conflict",
    );
  });
  assert.deepEqual(service.complaints, []);
});
