import assert from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import type { Member } from "../../src/protocol/chats.ts";
import { type AdminRight, adminRights } from "../../src/protocol/groups.ts";
import type { ChatId } from "../../src/protocol/ids.ts";
import type { ProblemDocument } from "../../src/protocol/problem.ts";
import type { ChatItem } from "../../src/protocol/sync.ts";
import { at, history, send } from "../messages/talk.ts";
import { accepted, refused } from "../support/answers.ts";
import { anotherIsolate, testApp } from "../support/app.ts";
import { groupOf, newPerson, type Person, personOf } from "../support/peer.ts";
import { say, text } from "../support/say.ts";

const people = (url: string, ...names: string[]) =>
  Promise.all(names.map((name) => newPerson(url, name)));

const set = (by: Person, chatId: ChatId, of: Person, patch: object) =>
  by.call<Member>("PATCH", `/chats/${chatId}/members/${of.userId}`, patch);

const update = (by: Person, chatId: ChatId, patch: object) =>
  by.call<ChatItem>("PATCH", `/chats/${chatId}`, patch);

const read = async (by: Person, chatId: ChatId) =>
  accepted(await by.call<ChatItem>("GET", `/chats/${chatId}`));

const add = (by: Person, chatId: ChatId, ...others: Person[]) =>
  by.call("POST", `/chats/${chatId}/members`, {
    userIds: others.map(({ userId }) => userId),
  });

const write = (by: Person, chatId: ChatId) =>
  by.call<ProblemDocument>("POST", `/chats/${chatId}/messages`, {
    content: text("Hello"),
  });

const ban = (by: Person, chatId: ChatId, of: Person, method = "PUT") =>
  by.call(method, `/chats/${chatId}/bans/${of.userId}`);

const usual = adminRights.filter((right) => right !== "promoteMembers");

Deno.test("admin rights", async (t) => {
  await using service = await testApp();
  const [ann, bob, cleo, dan] = await people(
    service.url,
    ..."abcd",
  ) as [Person, Person, Person, Person];

  await t.step("are the usual ones until somebody says otherwise", async () => {
    const chatId = await groupOf(ann, bob, cleo);
    assert.deepEqual((await read(ann, chatId)).me.rights, adminRights);
    assert.deepEqual((await read(bob, chatId)).me.rights, []);
    const made = accepted(await set(ann, chatId, bob, { role: "admin" }));
    assert.deepEqual([made.role, made.rights], ["admin", usual]);
    assert.deepEqual((await read(bob, chatId)).me.rights, usual);
    const fewer = accepted(
      await set(ann, chatId, bob, { rights: ["pinMessages", "changeInfo"] }),
    );
    assert.deepEqual(fewer.rights, ["changeInfo", "pinMessages"]);
    const { rev } = await read(ann, chatId);
    accepted(
      await set(ann, chatId, bob, { rights: ["changeInfo", "pinMessages"] }),
    );
    assert.equal((await read(ann, chatId)).rev, rev, "nothing changed");
    const lowered = accepted(await set(ann, chatId, bob, { role: "member" }));
    assert.deepEqual(lowered.rights, []);
    refused(
      await set(ann, chatId, bob, { rights: ["pinMessages"] }),
      "invalid_input",
    );
    refused(
      await set(ann, chatId, bob, { role: "admin", rights: ["fly"] }),
      "invalid_input",
    );
  });

  /** What each right is for, asked by an admin who has it, or all but it. */
  const uses: Partial<
    Record<AdminRight, (by: Person, chatId: ChatId) => Promise<unknown>>
  > = {
    changeInfo: (by, chatId) => update(by, chatId, { title: "Another" }),
    postMessages: async (by, chatId) => {
      const permissions = { sendMessages: "admins" };
      accepted(await update(ann, chatId, { permissions }));
      return await write(by, chatId);
    },
    deleteMessages: async (by, chatId) =>
      by.call("DELETE", at(await send(ann, chatId))),
    banMembers: (by, chatId) =>
      by.call("DELETE", `/chats/${chatId}/members/${cleo.userId}`),
    inviteMembers: (by, chatId) => add(by, chatId, dan),
    pinMessages: async (by, chatId) =>
      by.call("PUT", at(await send(ann, chatId), "/pin")),
    promoteMembers: (by, chatId) =>
      set(by, chatId, cleo, { role: "admin", rights: [] }),
  };
  for (const right of adminRights) {
    await t.step(`${right} is what is needed, and enough`, async () => {
      const use = uses[right]!;
      for (
        const [rights, isEnough] of [[[right], true], [
          adminRights.filter((other) => other !== right),
          false,
        ]] as const
      ) {
        const chatId = await groupOf(ann, bob, cleo);
        accepted(await set(ann, chatId, bob, { role: "admin", rights }));
        const answer = await use(bob, chatId) as Awaited<
          ReturnType<typeof write>
        >;
        if (isEnough) accepted(answer);
        else refused(answer, "forbidden");
      }
    });
  }

  await t.step("are not widened by way of what everyone may do", async () => {
    const chatId = await groupOf(ann, bob);
    const about = {
      sendMessages: "postMessages",
      addMembers: "inviteMembers",
      pinMessages: "pinMessages",
    };
    for (const [what, right] of Object.entries(about)) {
      const permissions = { changeInfo: "admins", [what]: "everyone" };
      const rights = ["changeInfo"];
      accepted(await set(ann, chatId, bob, { role: "admin", rights }));
      const answer = await update(bob, chatId, { permissions });
      refused(answer, "forbidden");
      assert.match(
        (answer.body as object as ProblemDocument).detail!,
        new RegExp(`right ${right},`),
      );
      accepted(await set(ann, chatId, bob, { rights: [...rights, right] }));
      accepted(await update(bob, chatId, { permissions }));
    }
  });

  await t.step("of a channel: who opens it to all also invites", async () => {
    const { chatId } = accepted(
      await ann.call<ChatItem>("POST", "/chats", {
        kind: "channel",
        title: "News",
        handle: `rights${Date.now()}`,
      }),
    );
    accepted(await add(ann, chatId, bob));
    const rights = ["changeInfo"];
    accepted(await set(ann, chatId, bob, { role: "admin", rights }));
    const answer = await update(bob, chatId, { visibility: "public" });
    refused(answer, "forbidden");
    assert.match(
      (answer.body as object as ProblemDocument).detail!,
      /right inviteMembers,/,
    );
    accepted(await update(bob, chatId, { signatures: true }));
    accepted(
      await set(ann, chatId, bob, { rights: [...rights, "inviteMembers"] }),
    );
    accepted(await update(bob, chatId, { visibility: "public" }));
  });

  await t.step("are given on by those who may, and no others", async () => {
    const chatId = await groupOf(ann, bob, cleo, dan);
    const rights = ["promoteMembers", "pinMessages", "changeInfo"];
    accepted(await set(ann, chatId, bob, { role: "admin", rights }));
    refused(
      await set(bob, chatId, cleo, { role: "admin", rights: ["banMembers"] }),
      "forbidden",
    );
    const made = accepted(await set(bob, chatId, cleo, { role: "admin" }));
    assert.deepEqual(made.rights, ["changeInfo", "pinMessages"]);
    refused(await set(bob, chatId, cleo, { role: "owner" }), "forbidden");
    refused(await set(bob, chatId, ann, { role: "member" }), "forbidden");
    refused(await set(bob, chatId, bob, { rights: adminRights }), "forbidden");
    accepted(await set(bob, chatId, cleo, { rights: ["pinMessages"] }));
    accepted(await set(ann, chatId, cleo, { rights: ["deleteMessages"] }));
    refused(await set(bob, chatId, cleo, { role: "member" }), "forbidden");
    accepted(await set(ann, chatId, dan, { role: "admin", rights }));
    refused(await set(bob, chatId, dan, { role: "member" }), "forbidden");
    refused(await set(cleo, chatId, dan, { role: "member" }), "forbidden");
    accepted(await set(cleo, chatId, cleo, { role: "member" }));
    assert.deepEqual((await read(cleo, chatId)).me.rights, []);
  });

  await t.step("go with the leaving, and with the handing over", async () => {
    const chatId = await groupOf(ann, bob);
    accepted(await set(ann, chatId, bob, { role: "admin", rights: [] }));
    accepted(await bob.call("DELETE", `/chats/${chatId}/members/me`));
    accepted(await add(ann, chatId, bob));
    assert.deepEqual((await read(bob, chatId)).me.rights, []);
    accepted(await set(ann, chatId, bob, { role: "owner" }));
    assert.deepEqual((await read(bob, chatId)).me.rights, adminRights);
    assert.deepEqual((await read(ann, chatId)).me.rights, usual);
    const last = (await history(ann, chatId)).items.at(-1)!;
    assert.deepEqual([last.senderId, last.content], [ann.userId, {
      type: "system",
      event: "ownerChanged",
      userId: bob.userId,
    }]);
  });
  assert.deepEqual(service.complaints, []);
});

Deno.test("what members may do", async (t) => {
  await using service = await testApp();
  const [ann, bob, cleo] = await people(service.url, ..."abc") as [
    Person,
    Person,
    Person,
  ];

  await t.step("is for those in charge to say", async () => {
    const chatId = await groupOf(ann, bob, cleo);
    const { group } = await read(bob, chatId);
    assert.deepEqual(group, {
      permissions: {
        sendMessages: "everyone",
        addMembers: "admins",
        changeInfo: "admins",
        pinMessages: "admins",
      },
      slowModeSeconds: 0,
      historyForNewcomers: "all",
    });
    await using line = await bob.connect();
    const changed = accepted(
      await update(ann, chatId, {
        about: "On engines",
        slowModeSeconds: 5,
        permissions: { pinMessages: "everyone", changeInfo: "everyone" },
      }),
    );
    const heard = await line.heard("chat.updated");
    assert.deepEqual([heard.rev, heard.chat.group, heard.chat.about], [
      changed.rev,
      changed.group,
      "On engines",
    ]);
    assert.deepEqual(changed.group!.permissions, {
      ...group!.permissions,
      pinMessages: "everyone",
      changeInfo: "everyone",
    });
    accepted(await update(bob, chatId, { title: "Bob's", about: "" }));
    refused(await update(bob, chatId, { slowModeSeconds: 0 }), "forbidden");
    refused(
      await update(bob, chatId, { permissions: { addMembers: "everyone" } }),
      "forbidden",
    );
    for (
      const patch of [
        { permissions: { fly: "everyone" } },
        { permissions: { addMembers: "owner" } },
        { slowModeSeconds: -1 },
        { slowModeSeconds: 86_401 },
        { handle: "ours" },
      ]
    ) refused(await update(ann, chatId, patch), "invalid_input");
  });

  await t.step("holds for writing, adding and pinning", async () => {
    const chatId = await groupOf(ann, bob);
    const permissions = { addMembers: "everyone", pinMessages: "everyone" };
    refused(await add(bob, chatId, cleo), "forbidden");
    accepted(await update(ann, chatId, { permissions }));
    accepted(await add(bob, chatId, cleo));
    const message = await send(bob, chatId);
    accepted(await cleo.call("PUT", at(message, "/pin")));
    accepted(
      await update(ann, chatId, { permissions: { sendMessages: "admins" } }),
    );
    refused(await write(bob, chatId), "forbidden");
    await using line = await cleo.connect();
    await assert.rejects(say(line, chatId, "Hello"), /forbidden/);
    accepted(await bob.call("PUT", at(message, `/reactions/%F0%9F%91%8D`)));
    accepted(await write(ann, chatId));
  });

  await t.step("slow mode: one message in a while", async () => {
    const chatId = await groupOf(ann, bob, cleo);
    accepted(await set(ann, chatId, cleo, { role: "admin", rights: [] }));
    accepted(await update(ann, chatId, { slowModeSeconds: 60 }));
    const messageId = crypto.randomUUID();
    await using line = await bob.connect();
    const both = await Promise.allSettled([
      say(line, chatId, "One", messageId),
      say(line, chatId, "Two"),
    ]);
    assert.deepEqual(both.map(({ status }) => status), [
      "fulfilled",
      "rejected",
    ], "also of two at once");
    const late = await write(bob, chatId);
    refused(late, "slow_mode");
    const { retryAfterMs } = late.body;
    assert.ok(retryAfterMs! > 50_000 && retryAfterMs! <= 60_000);
    const again = await say(line, chatId, "One", messageId);
    assert.equal(again.duplicate, true, "a repetition is no message");
    for (const free of [ann, cleo]) {
      accepted(await write(free, chatId));
      accepted(await write(free, chatId));
    }
    // Going and coming again changes nothing.
    accepted(await bob.call("DELETE", `/chats/${chatId}/members/me`));
    accepted(await add(ann, chatId, bob));
    refused(await write(bob, chatId), "slow_mode");
    await service.db.database.run(
      sql`update members set last_sent_at = last_sent_at - interval '1 minute'
        where chat_id = ${chatId}::uuid and user_id = ${bob.userId}::uuid`,
    );
    accepted(await write(bob, chatId));
    refused(await write(bob, chatId), "slow_mode");
    accepted(await update(ann, chatId, { slowModeSeconds: 0 }));
    accepted(await write(bob, chatId));
    accepted(await write(bob, chatId));
  });
  assert.deepEqual(service.complaints, []);
});

Deno.test("bans", async (t) => {
  await using service = await testApp();
  await using elsewhere = await anotherIsolate(service, { SWEEP_MS: "100" });
  const [ann, bob, cleo] = await people(service.url, ..."abc") as [
    Person,
    Person,
    Person,
  ];
  const bansIn = async (by: Person, chatId: ChatId) =>
    accepted(
      await by.call<
        { items: { user: { userId: string }; bannedBy: string }[] }
      >(
        "GET",
        `/chats/${chatId}/bans`,
      ),
    ).items.map(({ user, bannedBy }) => [user.userId, bannedBy]);

  await t.step("take out and keep out, whichever way one comes", async () => {
    const chatId = await groupOf(ann, bob, cleo);
    const { code } = accepted(
      await ann.call<{ code: string }>("POST", `/chats/${chatId}/invites`, {}),
    );
    await using line = await personOf(elsewhere.url, bob.session).connect();
    await using anns = await ann.connect();
    accepted(await ban(ann, chatId, bob));
    // The other isolate hears nothing from this one: its sweep finds it.
    await line.heard("account.behind");
    await send(ann, chatId, "Not for bob");
    const ping = await line.ask({ type: "ping" });
    assert.ok(ping.ok);
    assert.doesNotMatch(JSON.stringify(line.events), /Not for bob/);
    refused(await write(bob, chatId), "not_found");
    const left = await anns.heard("member.left");
    const told = await anns.heard(
      "message.created",
      ({ rev }) => rev === left.rev + 1,
    );
    assert.deepEqual(told.message.content, {
      type: "system",
      event: "memberRemoved",
      userId: bob.userId,
    });
    refused(await add(ann, chatId, bob), "forbidden");
    refused(await bob.call("POST", `/invites/${code}/join`), "forbidden");
    assert.deepEqual(await bansIn(ann, chatId), [[bob.userId, ann.userId]]);
    const { rev } = await read(ann, chatId);
    accepted(await ban(ann, chatId, bob));
    accepted(await ban(ann, chatId, bob, "DELETE"));
    refused(await ban(ann, chatId, bob, "DELETE"), "not_found");
    assert.equal((await read(ann, chatId)).rev, rev);
    assert.deepEqual(await bansIn(ann, chatId), []);
    accepted(await bob.call("POST", `/invites/${code}/join`));
  });

  await t.step("are for those with the right, on those below", async () => {
    const chatId = await groupOf(ann, bob, cleo);
    accepted(await set(ann, chatId, bob, { role: "admin" }));
    refused(await ban(bob, chatId, ann), "forbidden");
    refused(await ban(bob, chatId, bob), "forbidden");
    refused(await ban(cleo, chatId, bob), "forbidden");
    refused(await cleo.call("GET", `/chats/${chatId}/bans`), "forbidden");
    accepted(await ban(bob, chatId, cleo));
    refused(await cleo.call("GET", `/chats/${chatId}/bans`), "not_found");
    refused(
      await ann.call("PUT", `/chats/${chatId}/bans/${crypto.randomUUID()}`),
      "not_found",
    );
  });

  await t.step("keep out those who were never in", async () => {
    const chatId = await groupOf(ann);
    const { rev } = await read(ann, chatId);
    accepted(await ban(ann, chatId, cleo));
    assert.equal((await read(ann, chatId)).rev, rev, "nobody is told");
    refused(await add(ann, chatId, cleo), "forbidden");
  });

  await t.step("end the waiting to be let in", async () => {
    const chatId = await groupOf(ann);
    const { code } = accepted(
      await ann.call<{ code: string }>("POST", `/chats/${chatId}/invites`, {
        needsApproval: true,
      }),
    );
    accepted(await cleo.call("POST", `/invites/${code}/join`));
    const waiting = async () =>
      accepted(
        await ann.call<{ items: unknown[] }>(
          "GET",
          `/chats/${chatId}/join-requests`,
        ),
      ).items.length;
    assert.equal(await waiting(), 1);
    accepted(await ban(ann, chatId, cleo));
    assert.equal(await waiting(), 0);
    accepted(await ban(ann, chatId, cleo, "DELETE"));
    accepted(await cleo.call("POST", `/invites/${code}/join`));
    assert.equal(await waiting(), 1);
  });

  await t.step("of a ban and an adding at once the ban holds", async () => {
    const chatId = await groupOf(ann);
    await Promise.all([ban(ann, chatId, bob), add(ann, chatId, bob)]);
    await Promise.all([add(ann, chatId, cleo), ban(ann, chatId, cleo)]);
    const { memberCount } = await read(ann, chatId);
    assert.equal(memberCount, 1);
  });
  assert.deepEqual([...service.complaints, ...elsewhere.complaints], []);
});

Deno.test("in a large group nobody is told of those who come and go", async () => {
  await using service = await testApp();
  const [ann, bob, cleo] = await people(service.url, ..."abc") as [
    Person,
    Person,
    Person,
  ];
  const chatId = await groupOf(ann, cleo);
  await service.db.database.run(
    sql`update chats set member_count = 1024 where chat_id = ${chatId}::uuid`,
  );
  await using anns = await ann.connect();
  await using bobs = await bob.connect();
  const { rev, lastSeq } = await read(ann, chatId);

  accepted(await add(ann, chatId, bob));
  const welcome = await bobs.heard("chat.created");
  assert.deepEqual([welcome.rev, welcome.chat.memberCount], [rev, 1025]);
  const sent = await say(anns, chatId, "Welcome");
  assert.deepEqual([sent.rev, sent.seq], [rev + 1, lastSeq + 1]);
  await bobs.heard("message.created", (event) => event.chatId === chatId);
  accepted(await set(ann, chatId, bob, { role: "admin" }));
  const raised = await anns.heard("member.updated");
  assert.equal(raised.rev, rev + 2);

  accepted(await cleo.call("DELETE", `/chats/${chatId}/members/me`));
  assert.deepEqual(
    [(await read(ann, chatId)).rev, (await read(ann, chatId)).memberCount],
    [rev + 2, 1024],
  );
  refused(await write(cleo, chatId), "not_found");
  accepted(await add(ann, chatId, cleo));
  accepted(await bob.call("DELETE", `/chats/${chatId}/members/me`));
  const left = await anns.heard("member.left");
  assert.deepEqual(
    [left.rev, left.memberCount],
    [rev + 3, 1024],
    "of those in charge everybody hears",
  );
  assert.deepEqual(service.complaints, []);
});
