import assert from "node:assert/strict";
import type { Database } from "../../src/db/database.ts";
import { sql, Statement } from "../../src/db/sql.ts";
import type { Presence } from "../../src/protocol/accounts.ts";
import type { Member, PublicChannel } from "../../src/protocol/chats.ts";
import { findChannels } from "../../src/chats/find_channels.ts";
import type { ChatId, UserId } from "../../src/protocol/ids.ts";
import type { Message, MessageStatus } from "../../src/protocol/messages.ts";
import type { List } from "../../src/protocol/page.ts";
import type { ChatItem, Sync } from "../../src/protocol/sync.ts";
import { heardOf, history, said, send } from "../messages/talk.ts";
import { accepted, refused } from "../support/answers.ts";
import { anotherIsolate, testApp } from "../support/app.ts";
import { freshRead } from "../support/fresh_read.ts";
import { newPerson, password, type Person, personOf } from "../support/peer.ts";
import { crowd } from "./crowd.ts";

let channels = 0;

/** A channel of `owner`'s; public ones get a handle of their own. */
async function channelOf(
  owner: Person,
  more: Record<string, unknown> = {},
): Promise<ChatItem> {
  const handle = `channel${++channels}x${Date.now().toString(36)}`;
  const body = {
    kind: "channel",
    title: "News",
    visibility: "public",
    handle,
    ...more,
  };
  return accepted(await owner.call<ChatItem>("POST", "/chats", body));
}

const join = async (by: Person, { chatId }: { chatId: ChatId }) =>
  accepted(await by.call<ChatItem>("POST", `/chats/${chatId}/join`));

const chat = async (by: Person, { chatId }: { chatId: ChatId }) =>
  accepted(await by.call<ChatItem>("GET", `/chats/${chatId}`));

const post = (by: Person, chatId: ChatId, more: object = {}) =>
  by.call<Message>("POST", `/chats/${chatId}/messages`, {
    content: said("News"),
    ...more,
  });

const promote = async (by: Person, chatId: ChatId, who: Person, role: string) =>
  accepted(
    await by.call<Member>("PATCH", `/chats/${chatId}/members/${who.userId}`, {
      role,
    }),
  );

Deno.test("channels", async (t) => {
  await using service = await testApp();
  const { url, db: { database } } = service;
  const [owner, admin, ann, bob, dora, stranger] = await Promise.all(
    ["o", "a", "ann", "bob", "dora", "s"].map((name) => newPerson(url, name)),
  ) as [Person, Person, Person, Person, Person, Person];

  await t.step("a public channel is found, looked at and joined", async () => {
    const made = await channelOf(owner, { about: "What happens" });
    const { chatId } = made;
    assert.equal(made.kind, "channel");
    assert.equal(made.createdBy, null);
    assert.equal(made.me.role, "owner");
    const { handle } = made.channel!;
    const shown = { chatId, handle, title: "News", about: "What happens" };
    assert.deepEqual(
      accepted(await ann.call("GET", `/channels/${handle!.toUpperCase()}`)),
      { ...shown, memberCount: 1 },
    );
    refused(await ann.call("GET", `/chats/${chatId}`), "not_found");
    refused(await ann.call("GET", `/chats/${chatId}/messages`), "not_found");
    const mine = await join(ann, made);
    assert.equal(mine.me.role, "subscriber");
    assert.equal(mine.memberCount, 2);
    assert.equal((await join(ann, made)).memberCount, 2);
    accepted(await ann.call("DELETE", `/chats/${chatId}/members/me`));
    refused(await ann.call("GET", `/chats/${chatId}`), "not_found");
    assert.equal((await chat(owner, made)).memberCount, 1);
    assert.equal((await join(ann, made)).memberCount, 2);
  });

  await t.step(
    "a private or unknown channel cannot be joined, nor told from none",
    async () => {
      const hidden = await channelOf(owner, { visibility: "private" });
      for (const chatId of [hidden.chatId, crypto.randomUUID()]) {
        refused(await ann.call("POST", `/chats/${chatId}/join`), "not_found");
      }
      const { handle } = hidden.channel!;
      refused(await ann.call("GET", `/channels/${handle}`), "not_found");
      const found = accepted(
        await ann.call<List<PublicChannel>>("GET", `/channels?query=${handle}`),
      );
      assert.deepEqual(found.items, []);
      assert.equal((await join(owner, hidden)).me.role, "owner");
      const open = { visibility: "public" };
      accepted(await owner.call("PATCH", `/chats/${hidden.chatId}`, open));
      assert.equal((await join(ann, hidden)).me.role, "subscriber");
    },
  );

  await t.step(
    "the directory goes by handle, then by title, page by page",
    async () => {
      const prefix = `dir${Date.now().toString(36)}`;
      for (const name of ["c", "a", "b"]) {
        await channelOf(owner, { handle: `${prefix}_${name}` });
      }
      for (const name of ["Two", "one"]) {
        await channelOf(owner, { title: `${prefix.toUpperCase()} ${name}` });
      }
      const found: string[] = [];
      let cursor: string | null = "";
      do {
        const page: List<PublicChannel> = accepted(
          await ann.call(
            "GET",
            `/channels?query=${prefix}&limit=2${
              cursor && `&cursor=${encodeURIComponent(cursor)}`
            }`,
          ),
        );
        found.push(
          ...page.items.map(({ handle, title }) =>
            handle.startsWith(prefix) ? handle.slice(prefix.length) : title
          ),
        );
        cursor = page.nextCursor;
      } while (cursor !== null);
      const upper = prefix.toUpperCase();
      assert.deepEqual(found, [
        "_a",
        "_b",
        "_c",
        `${upper} one`,
        `${upper} Two`,
      ]);
      refused(
        await ann.call("GET", "/channels?cursor=nonsense"),
        "invalid_input",
      );
      const all = accepted(
        await ann.call<List<PublicChannel>>("GET", "/channels?query=%25"),
      );
      assert.deepEqual(all.items, []);
      // Without a query no title is looked at: that would be all of them.
      const asked: string[] = [];
      const { database } = service.db;
      const listening: Pick<Database, "run"> = {
        run(...statements) {
          asked.push(...statements.map(({ text }) => text));
          return database.run(...statements);
        },
      };
      const page = await findChannels(
        listening as Database,
        { query: "", limit: 2, cursor: `h${prefix}` },
      );
      assert.deepEqual(page.items.map(({ handle }) => handle), [
        `${prefix}_a`,
        `${prefix}_b`,
      ]);
      assert.equal(asked.length, 1);
      assert.doesNotMatch(asked[0]!, /lower\(title\)/);
    },
  );

  await t.step(
    "a handle is taken once, and stays with its channel",
    async () => {
      const body = (handle: string) => ({
        kind: "channel",
        title: "News",
        visibility: "public",
        handle,
      });
      const handle = `once${Date.now().toString(36)}`;
      const answers = await Promise.all(
        [owner, ann, bob].map((person) =>
          person.call<ChatItem>("POST", "/chats", body(handle))
        ),
      );
      assert.deepEqual(answers.map(({ status }) => status).sort(), [
        201,
        409,
        409,
      ]);
      refused(
        await stranger.call("POST", "/chats", body(handle)),
        "handle_taken",
      );
      const winner = answers.find(({ status }) => status === 201)!.body;
      const by = [owner, ann, bob][
        answers.findIndex(({ status }) => status === 201)
      ]!;
      const other = { handle: `${handle}2` };
      refused(
        await by.call("PATCH", `/chats/${winner.chatId}`, other),
        "conflict",
      );
      accepted(await by.call("DELETE", `/chats/${winner.chatId}`));
      refused(
        await stranger.call("POST", "/chats", body(handle)),
        "handle_taken",
      );
      refused(await stranger.call("GET", `/channels/${handle}`), "not_found");
      const nameless = { kind: "channel", title: "News", visibility: "public" };
      refused(await stranger.call("POST", "/chats", nameless), "invalid_input");
      const unnamed = await channelOf(owner, {
        visibility: "private",
        handle: undefined,
      });
      const open = { visibility: "public" };
      const path = `/chats/${unnamed.chatId}`;
      refused(await owner.call("PATCH", path, open), "invalid_input");
      refused(await owner.call("PATCH", path, { handle }), "handle_taken");
      accepted(await owner.call("PATCH", path, { ...open, ...other }));
      const group = accepted(
        await owner.call<ChatItem>("POST", "/chats", {
          kind: "group",
          title: "G",
        }),
      );
      refused(
        await owner.call("PATCH", `/chats/${group.chatId}`, open),
        "invalid_input",
      );
    },
  );

  await t.step(
    "coming and going takes no rev and tells nobody but the person",
    async () => {
      const made = await channelOf(owner);
      const { chatId } = made;
      await using ownerLine = await owner.connect();
      await using annLine = await ann.connect();
      const { rev } = await join(ann, made);
      assert.equal(rev, made.rev);
      const created = await annLine.heard(
        "chat.created",
        (event) => event.chatId === chatId,
      );
      assert.equal(created.role, "subscriber");
      assert.equal(created.rev, made.rev);
      const sent = await send(owner, chatId);
      await annLine.heard(
        "message.created",
        ({ message }) => message.messageId === sent.messageId,
      );
      accepted(await ann.call("DELETE", `/chats/${chatId}/members/me`));
      await annLine.heard("chat.deleted", (event) => event.chatId === chatId);
      const later = await send(owner, chatId);
      await ownerLine.heard(
        "message.created",
        ({ message }) => message.messageId === later.messageId,
      );
      await annLine.ask({ type: "ping" });
      assert.ok(
        annLine.events.every((event) =>
          event.type !== "message.created" ||
          event.message.messageId !== later.messageId
        ),
      );
      assert.deepEqual(
        ownerLine.events.filter((event) =>
          "chatId" in event && event.chatId === chatId &&
          !["message.created", "receipt.updated"].includes(event.type)
        ),
        [],
      );
      assert.equal(later.rev, made.rev + 2);
    },
  );

  await t.step(
    "who came while away is in the next hello, also with a cursor",
    async () => {
      const made = await channelOf(owner);
      const { cursor } = accepted(await bob.call<Sync>("GET", "/sync"));
      await join(bob, made);
      const query = `/sync?cursor=${encodeURIComponent(cursor)}`;
      const since = accepted(await bob.call<Sync>("GET", query));
      const head = since.chats.find(({ chatId }) => chatId === made.chatId);
      assert.equal(head?.role, "subscriber");
      await promote(owner, made.chatId, bob, "admin");
      const path = `/sync?cursor=${encodeURIComponent(since.cursor)}`;
      const promoted = accepted(await bob.call<Sync>("GET", path));
      assert.deepEqual(
        promoted.chats.map(({ chatId, role }) => [chatId, role]),
        [[made.chatId, "admin"]],
      );
      accepted(await bob.call("DELETE", `/chats/${made.chatId}/members/me`));
      const gone = `/sync?cursor=${encodeURIComponent(promoted.cursor)}`;
      assert.deepEqual(accepted(await bob.call<Sync>("GET", gone)).gone, [
        made.chatId,
      ]);
    },
  );

  await t.step("those who run it post, subscribers read", async () => {
    const made = await channelOf(owner);
    const { chatId } = made;
    await join(admin, made);
    await join(ann, made);
    refused(await post(admin, chatId), "forbidden");
    await using line = await admin.connect();
    await promote(owner, chatId, admin, "admin");
    const told = await line.heard("membership.updated");
    assert.deepEqual([told.chatId, told.role], [chatId, "admin"]);
    const sent = await send(admin, chatId);
    refused(await post(ann, chatId), "forbidden");
    const reply = { replyTo: sent.messageId };
    refused(await post(ann, chatId, reply), "forbidden");
    refused(await post(stranger, chatId), "not_found");
    assert.equal((await history(ann, chatId)).items.length, 1);
    refused(
      await owner.call("PATCH", `/chats/${chatId}/members/${ann.userId}`, {
        role: "member",
      }),
      "invalid_input",
    );
    const poll = accepted(
      await post(admin, chatId, {
        content: {
          type: "poll",
          question: "Which?",
          options: ["This", "That"],
          anonymous: true,
          multiple: false,
        },
      }),
    );
    await promote(owner, chatId, admin, "subscriber");
    const close = `/chats/${chatId}/messages/${poll.messageId}/close`;
    refused(await admin.call("POST", close), "forbidden");
    refused(await post(admin, chatId), "forbidden");
    const path = `/chats/${chatId}/messages/${sent.messageId}`;
    const content = said("Other news");
    refused(await admin.call("PATCH", path, { content }), "forbidden");
    refused(await admin.call("DELETE", path), "forbidden");
    accepted(await owner.call("DELETE", path));
  });

  await t.step("subscribers see nobody but themselves", async () => {
    const made = await channelOf(owner);
    const { chatId } = made;
    await join(ann, made);
    await join(bob, made);
    await promote(owner, chatId, bob, "admin");
    refused(await ann.call("GET", `/chats/${chatId}/members`), "forbidden");
    const listed = accepted(
      await bob.call<List<Member>>("GET", `/chats/${chatId}/members`),
    );
    assert.deepEqual(
      listed.items.map(({ userId, role }) => [userId, role]),
      [[owner.userId, "owner"], [ann.userId, "subscriber"], [
        bob.userId,
        "admin",
      ]],
    );
    const picture = await freshRead(ann, chatId);
    assert.deepEqual([...picture.members.keys()], [ann.userId]);
    assert.deepEqual([...picture.receipts.keys()], [ann.userId]);
    assert.equal(picture.chat?.createdBy, null);
  });

  await t.step(
    "the owner hands over, and a leaving one is inherited",
    async () => {
      const made = await channelOf(owner);
      const { chatId } = made;
      await join(ann, made);
      await join(bob, made);
      await using line = await bob.connect();
      await promote(owner, chatId, bob, "owner");
      await line.heard("membership.updated", ({ role }) => role === "owner");
      assert.equal((await chat(owner, made)).me.role, "admin");
      accepted(await bob.call("DELETE", `/chats/${chatId}/members/me`));
      assert.equal((await chat(owner, made)).me.role, "owner");
      accepted(await owner.call("DELETE", `/chats/${chatId}/members/me`));
      assert.equal((await chat(ann, made)).me.role, "owner");
      accepted(await ann.call("DELETE", `/chats/${chatId}/members/me`));
      refused(await bob.call("POST", `/chats/${chatId}/join`), "not_found");
    },
  );

  await t.step(
    "an unsigned post names nobody, on any way it is shown",
    async () => {
      const made = await channelOf(owner);
      const { chatId } = made;
      await join(admin, made);
      await promote(owner, chatId, admin, "admin");
      await join(ann, made);
      await using line = await ann.connect();
      const sent = await send(admin, chatId);
      assert.equal(sent.senderId, chatId);
      const at = `/chats/${chatId}/messages/${sent.messageId}`;
      accepted(await admin.call("PATCH", at, { content: said("Corrected") }));
      accepted(await owner.call("PUT", `${at}/pin`));
      await line.heard("message.updated", ({ change }) => change === "pinned");
      const typing = { type: "typing", chatId, active: true };
      await using adminLine = await admin.connect();
      const reply = await adminLine.ask(typing);
      assert.equal(!reply.ok && reply.error.code, "forbidden");
      const meant = {
        type: "mention",
        offset: 0,
        length: 3,
        userId: ann.userId,
      };
      accepted(
        await post(admin, chatId, {
          content: { type: "text", text: "Ann", entities: [meant] },
        }),
      );
      const noticed = accepted(
        await ann.call<List<{ type: string }>>("GET", "/notifications"),
      );
      assert.ok(noticed.items.some(({ type }) => type === "mention"));
      const seen = [
        noticed,
        accepted(await ann.call("GET", `${at}/edits`)),
        ...line.events,
        await freshRead(ann, chatId),
        await history(ann, chatId),
        accepted(await ann.call("GET", "/chats")),
        accepted(await ann.call("GET", `${at}/replies`)),
        accepted(await ann.call("GET", `${at}/status`)),
      ];
      const text = JSON.stringify(
        seen,
        (_, value) => value instanceof Map ? [...value.values()] : value,
      );
      for (const person of [admin, owner]) {
        assert.ok(!text.includes(person.userId), person.username);
      }
      accepted(
        await owner.call("PATCH", `/chats/${chatId}`, { signatures: true }),
      );
      const signed = await send(admin, chatId);
      assert.equal(signed.senderId, admin.userId);
      const shown = (await history(ann, chatId)).items;
      const [first, last] = [shown.at(0), shown.at(-1)];
      assert.deepEqual(
        [first!.senderId, last!.senderId],
        [chatId, admin.userId],
      );
    },
  );

  await t.step(
    "where there are comments, posts alone can be commented on",
    async () => {
      const made = await channelOf(owner, { comments: true });
      const { chatId } = made;
      await join(ann, made);
      await join(bob, made);
      const { messageId } = await send(owner, chatId);
      const comment = accepted(await post(ann, chatId, { replyTo: messageId }));
      assert.equal(comment.senderId, ann.userId);
      assert.equal(comment.views, null);
      refused(await post(bob, chatId), "forbidden");
      refused(
        await post(bob, chatId, { replyTo: comment.messageId }),
        "forbidden",
      );
      const path = `/chats/${chatId}/messages/${comment.messageId}`;
      refused(await bob.call("DELETE", path), "forbidden");
      accepted(await ann.call("PATCH", path, { content: said("Otherwise") }));
      accepted(await owner.call("DELETE", path));
      const replies = accepted(
        await bob.call<List<Message>>(
          "GET",
          `/chats/${chatId}/messages/${messageId}/replies`,
        ),
      );
      assert.equal(replies.items.length, 1);
    },
  );

  await t.step(
    "each subscriber's first reading counts as one view",
    async () => {
      const made = await channelOf(owner);
      const { chatId } = made;
      await send(owner, chatId);
      await join(ann, made);
      await join(bob, made);
      await send(owner, chatId);
      await send(owner, chatId);
      const read = (by: Person, seq: number) =>
        by.call("POST", `/chats/${chatId}/read`, { seq });
      const views = async () =>
        (await history(bob, chatId)).items.map((message) => message.views);
      assert.deepEqual(await views(), [0, 0, 0]);
      await Promise.all([read(ann, 2), read(bob, 3), read(ann, 2)]);
      assert.deepEqual(await views(), [0, 2, 1]);
      await read(ann, 3);
      await Promise.all([read(ann, 3), read(bob, 1)]);
      assert.deepEqual(await views(), [0, 2, 2]);
      // Coming back shows nothing for the first time.
      accepted(await ann.call("DELETE", `/chats/${chatId}/members/me`));
      await join(ann, made);
      await read(ann, 3);
      assert.deepEqual(await views(), [0, 2, 2]);
      const updated = accepted(
        await owner.call<{ rev: number }>(
          "PUT",
          `/chats/${chatId}/messages/${
            (await history(bob, chatId)).items[1]!.messageId
          }/pin`,
        ),
      );
      assert.ok(updated.rev > made.rev);
      assert.deepEqual(await views(), [0, 2, 2]);
    },
  );

  await t.step("who hides what she reads counts as no view", async () => {
    const made = await channelOf(owner);
    const { chatId } = made;
    const hider = await newPerson(url, "hider");
    accepted(
      await hider.call("PATCH", "/me", {
        privacy: { readReceipts: { who: "nobody" } },
      }),
    );
    await join(hider, made);
    await join(bob, made);
    await send(owner, chatId);
    const viewsAfter = async (by: Person) => {
      accepted(await by.call("POST", `/chats/${chatId}/read`, { seq: 1 }));
      return (await history(owner, chatId)).items.map(({ views }) => views);
    };
    assert.deepEqual(await viewsAfter(hider), [0]);
    assert.deepEqual(await viewsAfter(bob), [1]);
  });

  await t.step("two isolates that count at once lose no view", async () => {
    await using other = await anotherIsolate(service);
    const made = await channelOf(owner);
    const { chatId } = made;
    const people = await Promise.all(
      Array.from({ length: 6 }, (_, i) => newPerson(url, `v${i}`)),
    );
    for (const person of people) await join(person, made);
    for (let i = 0; i < 3; i++) await send(owner, chatId);
    await Promise.all(people.map(async (person, i) => {
      const { token } = { token: person.session.accessToken };
      const door = i % 2 === 0 ? url : other.url;
      for (const seq of [1, 2, 3]) {
        await fetch(`${door}/api/v1/chats/${chatId}/read`, {
          method: "POST",
          headers: {
            authorization: `Bearer ${token}`,
            "content-type": "application/json",
          },
          body: JSON.stringify({ seq }),
        }).then((response) => response.body?.cancel());
      }
    }));
    const { items } = await history(people[0]!, chatId);
    assert.deepEqual(items.map(({ views }) => views), [6, 6, 6]);
  });

  await t.step("how far somebody has read is told to nobody else", async () => {
    const made = await channelOf(owner);
    const { chatId } = made;
    await join(ann, made);
    const sent = await send(owner, chatId);
    await using annLine = await ann.connect();
    await using ownerLine = await owner.connect();
    await annLine.ask({ type: "delivered", chatId, seq: 1 });
    const [rows] = await database.run(
      sql<{ count: number }>`select count(*) from receipts
        where chat_id = ${chatId}::uuid and user_id = ${ann.userId}::uuid`,
    );
    assert.equal(rows[0]!.count, 0);
    accepted(await ann.call("POST", `/chats/${chatId}/read`, { seq: 1 }));
    const told = await annLine.heard(
      "receipt.updated",
      (event) => event.chatId === chatId,
    );
    assert.equal(told.readSeq, 1);
    await ownerLine.ask({ type: "ping" });
    assert.ok(
      ownerLine.events.every((event) =>
        event.type !== "receipt.updated" || event.userId !== ann.userId
      ),
    );
    const status = accepted(
      await owner.call<MessageStatus>(
        "GET",
        `/chats/${chatId}/messages/${sent.messageId}/status`,
      ),
    );
    assert.deepEqual(status, { status: "sent", members: [] });
  });

  await t.step(
    "having subscribed to the same channel shows nobody to anybody",
    async () => {
      const made = await channelOf(owner, { comments: true });
      const { chatId } = made;
      for (const by of [ann, dora]) await join(by, made);
      refused(
        await ann.call("GET", `/users/${dora.userId}/last-seen`),
        "not_found",
      );
      await using doraLine = await dora.connect();
      await using line = await ann.connect();
      const watching = await line.ask({
        type: "watch",
        userIds: [dora.userId],
      });
      assert.ok(watching.ok);
      const { presence } = watching.data as { presence: Presence[] };
      assert.ok(presence.every(({ online }) => !online));
      await doraLine.ask({ type: "ping" });
      // Nor does a mention that stays tell who is in it.
      const { messageId } = await send(owner, chatId);
      const entities = [
        { type: "mention", offset: 0, length: 4, userId: dora.userId },
      ];
      const comment = accepted(
        await ann.call<Message>("POST", `/chats/${chatId}/messages`, {
          content: { type: "text", text: "Dora", entities },
          replyTo: messageId,
        }),
      );
      assert.ok(!JSON.stringify(comment.content).includes(dora.userId));
    },
  );

  await t.step(
    "who was banned is out, and stays out, whatever the way in",
    async () => {
      const made = await channelOf(owner);
      const { chatId } = made;
      await join(ann, made);
      const { code } = accepted(
        await owner.call<{ code: string }>(
          "POST",
          `/chats/${chatId}/invites`,
          {},
        ),
      );
      await using line = await ann.connect();
      const ban = `/chats/${chatId}/bans/${ann.userId}`;
      accepted(await owner.call("PUT", ban));
      await line.heard("chat.deleted", (event) => event.chatId === chatId);
      refused(await ann.call("GET", `/chats/${chatId}/messages`), "not_found");
      refused(await ann.call("POST", `/chats/${chatId}/join`), "forbidden");
      refused(await ann.call("POST", `/invites/${code}/join`), "forbidden");
      assert.equal((await chat(owner, made)).memberCount, 1);
      accepted(await owner.call("DELETE", ban));
      assert.equal((await join(ann, made)).memberCount, 2);
    },
  );

  await t.step("an admin does there what the rights say", async () => {
    const made = await channelOf(owner, { comments: true });
    const { chatId } = made;
    await join(ann, made);
    await join(bob, made);
    const path = `/chats/${chatId}/members/${ann.userId}`;
    const grant = async (...rights: string[]) =>
      accepted(await owner.call("PATCH", path, { role: "admin", rights }));
    await grant("inviteMembers");
    refused(await post(ann, chatId), "forbidden");
    accepted(await ann.call("POST", `/chats/${chatId}/invites`, {}));
    refused(
      await ann.call("PUT", `/chats/${chatId}/bans/${bob.userId}`),
      "forbidden",
    );
    await grant("postMessages", "banMembers");
    accepted(await post(ann, chatId));
    refused(
      await ann.call("POST", `/chats/${chatId}/invites`, {}),
      "forbidden",
    );
    refused(
      await ann.call("PATCH", `/chats/${chatId}`, { title: "Mine" }),
      "forbidden",
    );
    accepted(await ann.call("PUT", `/chats/${chatId}/bans/${bob.userId}`));
    refused(await bob.call("GET", `/chats/${chatId}`), "not_found");
  });

  await t.step(
    "who deletes the account leaves the channel to its admin",
    async () => {
      const leaver = await newPerson(url, "l");
      const made = await channelOf(leaver);
      const { chatId } = made;
      await send(leaver, chatId);
      await join(ann, made);
      await join(bob, made);
      await promote(leaver, chatId, bob, "admin");
      await using line = await bob.connect();
      assert.equal(
        (await leaver.call("DELETE", "/me", { password })).status,
        204,
      );
      await line.heard(
        "membership.updated",
        (event) => event.chatId === chatId && event.role === "owner",
      );
      const left = await chat(bob, made);
      assert.deepEqual([left.me.role, left.memberCount], ["owner", 2]);
      assert.equal((await history(ann, chatId)).items[0]!.senderId, chatId);
      assert.equal(left.rev, made.rev + 1);
      await erased(database, leaver.userId);
    },
  );

  await t.step(
    "a post is one row and one event, whatever the size",
    async () => {
      const cost = async (size: number) => {
        const { chatId } = await channelOf(owner);
        await fill(database, chatId, await crowd(database, size));
        await send(owner, chatId);
        const before = await rowsOf(database);
        const { "parley.relay.published": published } = service.app.counters
          .read();
        await send(owner, chatId);
        return {
          rows: await rowsOf(database) - before,
          // The other is for the author's own devices.
          events: service.app.counters.read()["parley.relay.published"]! -
            published!,
        };
      };
      assert.deepEqual(await cost(1), { rows: 1, events: 2 });
      assert.deepEqual(await cost(2000), { rows: 1, events: 2 });
    },
  );

  await t.step(
    "with no relay between isolates, who came hears all and who went nothing",
    async () => {
      // The local relays of the two know nothing of each other: all goes by the sweep.
      await using other = await anotherIsolate(service, { SWEEP_MS: "100" });
      const made = await channelOf(owner);
      const { chatId } = made;
      await join(ann, made);
      await using annLine = await personOf(other.url, ann.session).connect();
      await using bobLine = await personOf(other.url, bob.session).connect();
      await join(bob, made);
      await bobLine.heard("account.behind");
      accepted(
        await owner.call("DELETE", `/chats/${chatId}/members/${ann.userId}`),
      );
      await annLine.heard("account.behind");
      const { rev } = await send(owner, chatId);
      await bobLine.heard(
        "chat.behind",
        (event) => event.chatId === chatId && event.rev >= rev,
      );
      await annLine.ask({ type: "ping" });
      assert.deepEqual(heardOf(annLine, chatId), []);
      assert.deepEqual(other.complaints, []);
    },
  );

  assert.deepEqual(service.complaints, []);
});

async function fill(db: Database, chatId: ChatId, people: readonly UserId[]) {
  await db.run(
    sql`insert into members (chat_id, user_id, role, joined_at, joined_seq, rev, account_rev)
      select ${chatId}::uuid, user_id, 'subscriber', now(), 0, 0, 1
      from unnest(${people}::uuid[]) user_id`,
    sql`update chats set member_count = member_count + ${people.length}
      where chat_id = ${chatId}::uuid`,
  );
}

/** Resolves once what a deleted account has read is erased: the last rows of it that a step counts. */
async function erased(db: Database, userId: UserId): Promise<void> {
  for (;;) {
    const [[left]] = await db.run(
      sql`select from receipts where user_id = ${userId}::uuid limit 1`,
    );
    if (!left) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Rows in all the tables that a post could write to. */
async function rowsOf(db: Database): Promise<number> {
  const tables = [
    "messages",
    "receipts",
    "message_views",
    "mentions",
    "members",
  ];
  const counts = await db.run(
    ...tables.map((name) =>
      sql<{ count: number }>`select count(*) from ${new Statement(name)}`
    ),
  );
  return counts.reduce((sum, [row]) => sum + row!.count, 0);
}
