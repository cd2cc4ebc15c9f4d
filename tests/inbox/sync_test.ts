import assert from "node:assert/strict";
import { sql, table } from "../../src/db/sql.ts";
import { createInbox } from "../../src/inbox/mod.ts";
import type { Session } from "../../src/protocol/accounts.ts";
import { Sync, Welcome } from "../../src/protocol/sync.ts";
import { accepted, refused } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import { fits } from "../support/fits.ts";
import {
  call,
  directChat,
  groupOf,
  newPerson,
  openSocket,
  password,
  type Person,
  personOf,
} from "../support/peer.ts";
import { at, send, sendAll } from "../messages/talk.ts";

const sync = async (by: Person, cursor?: string): Promise<Sync> =>
  fits(
    Sync,
    accepted(
      await by.call(
        "GET",
        `/sync${
          cursor === undefined ? "" : `?cursor=${encodeURIComponent(cursor)}`
        }`,
      ),
    ),
  );

/**
 * Syncs until nothing of what went before is news: while somebody else's transaction is open, the
 * same chats come again, which is allowed.
 */
async function settled(by: Person): Promise<string> {
  let { cursor } = await sync(by);
  for (;;) {
    const next = await sync(by, cursor);
    cursor = next.cursor;
    if (next.chats.length === 0 && next.gone.length === 0) return cursor;
  }
}

/** The same account on another device. */
async function otherDevice({ url, username }: Person): Promise<Person> {
  const body = {
    login: username,
    password,
    device: { name: "Tablet", platform: "web" },
  };
  return personOf(
    url,
    accepted(await call<Session>(url, "POST", "/auth/login", { body })),
  );
}

Deno.test("sync", async (t) => {
  await using service = await testApp();
  const [ann, bob, cleo] = await Promise.all(
    ["a", "b", "c"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person, Person];
  const direct = await directChat(ann, bob);
  const group = await groupOf(ann, bob, cleo);
  await sendAll(bob, direct, "1", "2");
  accepted(await ann.call("POST", `/chats/${direct}/read`, { seq: 1 }));

  await t.step("without a cursor is everything", async () => {
    const all = await sync(ann);
    assert.deepEqual(
      new Map(all.chats.map((head) => [head.chatId, head])),
      new Map([
        [direct, {
          chatId: direct,
          role: "member",
          rev: 4,
          lastSeq: 2,
          readSeq: 1,
          deliveredSeq: 1,
          unread: 1,
        }],
        [group, {
          chatId: group,
          role: "owner",
          rev: 4,
          lastSeq: 1,
          readSeq: 1,
          deliveredSeq: 1,
          unread: 0,
        }],
      ]),
    );
    assert.deepEqual([all.hasMore, all.gone, all.hidden], [false, [], []]);
    assert.equal(all.me?.userId, ann.userId);
    assert.equal(all.me?.accountRev, all.accountRev);
    assert.deepEqual(
      all.devices.map(({ deviceId, current }) => [deviceId, current]),
      [[ann.session.device.deviceId, true]],
    );
  });

  await t.step("with a cursor is what has changed since", async () => {
    const cursor = await settled(ann);
    const nothing = await sync(ann, cursor);
    assert.deepEqual(
      { ...nothing, cursor: "", epoch: "", accountRev: 0 },
      {
        cursor: "",
        hasMore: false,
        epoch: "",
        accountRev: 0,
        chats: [],
        gone: [],
        me: null,
        devices: [],
        contacts: [],
        contactsViewedRev: null,
        hidden: [],
        votes: [],
        drafts: [],
      },
    );
    await send(bob, direct);
    const news = await sync(ann, cursor);
    assert.deepEqual(news.chats.map(({ chatId, unread }) => [chatId, unread]), [
      [direct, 2],
    ]);
    assert.deepEqual([news.me, news.devices], [null, []]);
  });

  await t.step(
    "asked again with the same cursor answers the same",
    async () => {
      const cursor = await settled(ann);
      await send(bob, direct);
      const once = await sync(ann, cursor);
      const again = await sync(ann, cursor);
      assert.deepEqual(again.chats, once.chats);
    },
  );

  await t.step("brings what one has read on another device", async () => {
    const tablet = await otherDevice(ann);
    const { lastSeq } = (await sync(ann)).chats.find(({ chatId }) =>
      chatId === direct
    )!;
    const cursor = await settled(tablet);
    accepted(await ann.call("POST", `/chats/${direct}/read`, { seq: lastSeq }));
    const { chats } = await sync(tablet, cursor);
    assert.deepEqual(
      chats.map(({ chatId, readSeq, unread }) => [chatId, readSeq, unread]),
      [[direct, lastSeq, 0]],
    );
    const others = await settled(bob);
    accepted(
      await ann.call("POST", `/chats/${direct}/delivered`, { seq: lastSeq }),
    );
    assert.deepEqual(
      (await sync(bob, others)).chats,
      [],
      "another's cursor is no news here",
    );
  });

  await t.step("brings profile and devices", async () => {
    const before = await sync(ann);
    const tablet = await otherDevice(ann);
    accepted(await tablet.call("PATCH", "/me", { about: "Synced" }));
    const { deviceId } = tablet.session.device;
    const { me, devices, accountRev } = await sync(ann, before.cursor);
    assert.deepEqual([me?.about, accountRev], [
      "Synced",
      before.accountRev + 2,
    ]);
    assert.deepEqual(
      devices.map((each) => [each.deviceId, each.current, each.revokedAt]),
      [
        [deviceId, false, null],
      ],
    );
    const next = await sync(ann);
    accepted(await ann.call("DELETE", `/me/devices/${deviceId}`));
    const after = await sync(ann, next.cursor);
    assert.deepEqual(after.devices.map((each) => each.deviceId), [deviceId]);
    assert.notEqual(after.devices[0]!.revokedAt, null);
    assert.equal(after.me, null);
  });

  await t.step("names the chats that are gone, however they went", async () => {
    const [left, lost, ended] = [
      await groupOf(cleo, ann, bob),
      await groupOf(cleo, ann),
      await groupOf(cleo, ann),
    ];
    const cursor = await settled(ann);
    accepted(await ann.call("DELETE", `/chats/${left}/members/me`));
    accepted(await cleo.call("DELETE", `/chats/${lost}/members/${ann.userId}`));
    accepted(await cleo.call("DELETE", `/chats/${ended}`));
    const news = await sync(ann, cursor);
    assert.deepEqual([...news.gone].sort(), [left, lost, ended].sort());
    assert.deepEqual(news.chats, []);
    const all = await sync(ann);
    assert.deepEqual(
      all.gone,
      [],
      "without a cursor there is nothing to forget",
    );
    assert.ok(all.chats.every(({ chatId }) => !news.gone.includes(chatId)));

    accepted(
      await cleo.call("POST", `/chats/${lost}/members`, {
        userIds: [ann.userId],
      }),
    );
    const back = await sync(ann, news.cursor);
    assert.ok(back.chats.some(({ chatId }) => chatId === lost));
    assert.ok(!back.gone.includes(lost));
  });

  await t.step(
    "does not tell what goes on in a chat that was left",
    async () => {
      const chatId = await groupOf(cleo, ann, bob);
      accepted(await ann.call("DELETE", `/chats/${chatId}/members/me`));
      const cursor = await settled(ann);
      await send(bob, chatId, "Now that she is gone");
      assert.deepEqual((await sync(ann, cursor)).gone, []);
      accepted(await cleo.call("DELETE", `/chats/${chatId}`));
      assert.deepEqual((await sync(ann, cursor)).gone, []);
    },
  );

  await t.step("forgets no chat that is lost while it is read", async () => {
    const chatId = await groupOf(cleo, ann);
    const { cursor, accountRev } = await sync(ann);
    const { database: db } = service.db;
    let snapshots = 0;
    const inbox = createInbox({
      turns: (_key, work) => work(),
      db: {
        ...db,
        async snapshot(...statements) {
          const rows = await db.snapshot(...statements);
          // After the heads are read, and before the account is.
          if (++snapshots === 1) {
            accepted(await ann.call("DELETE", `/chats/${chatId}/members/me`));
          }
          return rows;
        },
      },
      open: () => Promise.resolve([]),
      openDraft: () => Promise.resolve(null),
    });
    const caller = {
      userId: ann.userId,
      deviceId: ann.session.device.deviceId,
    };
    const during = fits(Sync, await inbox.readSync(caller, cursor));
    assert.deepEqual(during.gone, []);
    // Else the event that tells of the loss would look like one that was told before.
    assert.equal(during.accountRev, accountRev);
    assert.ok((await sync(ann, during.cursor)).gone.includes(chatId));
  });

  await t.step("brings more than fits one answer page by page", async () => {
    const dan = await newPerson(service.url);
    const chatId = await groupOf(dan, ann);
    const message = await send(ann, chatId);
    const { accountRev } = await sync(dan);
    const hidden = Array.from({ length: 1200 }, (_, i) => ({
      userId: dan.userId,
      chatId,
      seq: i + 3,
      messageId: crypto.randomUUID(),
      accountRev: accountRev + i + 1,
    }));
    await service.db.database.run(
      sql`insert into hidden_messages (user_id, chat_id, seq, message_id, account_rev)
        select * from ${
        table(hidden, {
          userId: "uuid",
          chatId: "uuid",
          seq: "bigint",
          messageId: "uuid",
          accountRev: "bigint",
        })
      }`,
      sql`update heads set rev = ${
        accountRev + 1200
      } where scope_id = ${dan.userId}::uuid`,
    );
    const found: number[] = [];
    let page = await sync(dan);
    for (let pages = 1;; pages++) {
      found.push(...page.hidden.map(({ seq }) => seq));
      if (!page.hasMore) break;
      assert.ok(pages < 10);
      page = await sync(dan, page.cursor);
    }
    assert.deepEqual(found, hidden.map(({ seq }) => seq));
    assert.equal(page.accountRev, accountRev + 1200);
    accepted(await dan.call("DELETE", at(message, "?for=me")));
    assert.deepEqual(
      (await sync(dan, page.cursor)).hidden.map(({ seq }) => seq),
      [2],
    );
  });

  await t.step("with the cursor of another history is everything", async () => {
    const { cursor, epoch, chats } = await sync(ann);
    const foreign = cursor.replace(epoch, "0".repeat(32));
    assert.notEqual(foreign, cursor);
    const all = await sync(ann, foreign);
    assert.deepEqual([all.epoch, all.gone], [epoch, []]);
    assert.equal(all.chats.length, chats.length);
    assert.notEqual(all.me, null);
  });

  await t.step("takes no cursor but its own", async () => {
    const { cursor, epoch } = await sync(ann);
    const [, , oldest, accountRev] = cursor.split(".");
    const bad = [
      "x",
      "1",
      cursor + ".1",
      cursor.slice(0, -1 - accountRev!.length),
      `2.${epoch}.${oldest}.${accountRev}`,
      `1.${epoch.slice(1)}.${oldest}.${accountRev}`,
      `1.${epoch}.-1.${accountRev}`,
      `1.${epoch}.09.${accountRev}`,
      `1.${epoch}.0x1.${accountRev}`,
      `1.${epoch}.99999999999999999999.${accountRev}`,
      `1.${epoch}..${accountRev}`,
      `1.${epoch}.${oldest}.`,
      `1.${epoch}.${oldest}.x`,
      `1.${epoch}.${oldest}.-1`,
      `1.${epoch}.${oldest}.1e3`,
      `1.${epoch}.${oldest}.${2 ** 53}`,
      `1.${epoch}' or true--.${oldest}.${accountRev}`,
      "x".repeat(513),
    ];
    for (const each of bad) {
      const answer = await ann.call(
        "GET",
        `/sync?cursor=${encodeURIComponent(each)}`,
      );
      assert.equal(answer.status, 400, each);
      refused(answer, "invalid_input");
    }
    refused(await ann.call("GET", "/sync?cursor="), "invalid_input");
    await sync(
      ann,
      `1.${epoch}.9999999999999999999.${Number.MAX_SAFE_INTEGER}`,
    );
  });
  assert.deepEqual(service.complaints, []);
});

Deno.test("hello with a cursor", async (t) => {
  await using service = await testApp();
  const [ann, bob] = await Promise.all(
    ["a", "b"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person];
  const [direct, group] = [await directChat(ann, bob), await groupOf(ann, bob)];

  const hello = async (cursor?: string) => {
    await using line = await ann.connect(cursor);
    return fits(Welcome, line.welcome);
  };

  await t.step("names what has changed since, and what is gone", async () => {
    const whole = await hello();
    assert.deepEqual(
      whole.chats.map(({ chatId }) => chatId).sort(),
      [direct, group].sort(),
    );
    assert.deepEqual(whole.gone, []);
    const cursor = await settled(ann);
    assert.deepEqual((await hello(cursor)).chats, []);
    await send(bob, direct);
    accepted(await ann.call("DELETE", `/chats/${group}/members/me`));
    const news = await hello(cursor);
    assert.deepEqual(news.chats.map(({ chatId, unread }) => [chatId, unread]), [
      [direct, 1],
    ]);
    assert.deepEqual(news.gone, [group]);
  });

  await t.step("hears of chats that it did not name", async () => {
    const cursor = await settled(ann);
    await using line = await ann.connect(cursor);
    assert.deepEqual(line.welcome.chats, []);
    await send(bob, direct);
    const { chatId } = await line.heard("message.created");
    assert.equal(chatId, direct);
  });

  await t.step("goes on in sync, and the other way round", async () => {
    const { cursor } = await hello();
    await send(bob, direct);
    const { chats, cursor: next } = await sync(ann, cursor);
    assert.ok(chats.some(({ chatId }) => chatId === direct));
    await send(bob, direct);
    assert.ok(
      (await hello(next)).chats.some(({ chatId }) => chatId === direct),
    );
  });

  await t.step("of another history is told everything", async () => {
    const { cursor, epoch } = await hello();
    const all = await hello(cursor.replace(epoch, "f".repeat(32)));
    assert.deepEqual([all.epoch, all.chats.length], [epoch, 1]);
  });

  await t.step("that nobody gave is refused", async () => {
    const { socket, frames, closed, opened } = openSocket(service.url);
    await opened;
    const token = ann.session.accessToken;
    socket.send(JSON.stringify({ type: "hello", id: 1, token, cursor: "x" }));
    assert.equal((await closed).code, 4400);
    const [reply] = frames;
    assert.ok(reply?.type === "reply" && !reply.ok);
    assert.equal(reply.error.code, "invalid_input");
  });
  assert.deepEqual(service.complaints, []);
});
