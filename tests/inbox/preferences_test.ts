import assert from "node:assert/strict";
import type { EventOf } from "../../src/protocol/events.ts";
import type { ChatId } from "../../src/protocol/ids.ts";
import type { List } from "../../src/protocol/page.ts";
import {
  type ChatPreferences,
  type Draft,
  noPreferences,
  type PreferencesPatch,
} from "../../src/protocol/preferences.ts";
import { ChatItem, type Sync } from "../../src/protocol/sync.ts";
import { accepted, refused } from "../support/answers.ts";
import { anotherIsolate, testApp } from "../support/app.ts";
import { fits } from "../support/fits.ts";
import {
  directChat,
  groupOf,
  newPerson,
  type Person,
  personOf,
} from "../support/peer.ts";
import { sql } from "../../src/db/sql.ts";
import { at, history, newId, said, send } from "../messages/talk.ts";

const set = async (
  by: Person,
  chatId: ChatId,
  patch: PreferencesPatch,
): Promise<ChatItem> => {
  const item = accepted(
    await by.call<ChatItem>("PATCH", `/chats/${chatId}/me`, patch),
  );
  fits(ChatItem, item);
  return item;
};
const own = async (by: Person, chatId: ChatId): Promise<ChatItem["me"]> =>
  accepted(await by.call<ChatItem>("GET", `/chats/${chatId}`)).me;
const list = async (by: Person, query = ""): Promise<ChatId[]> =>
  accepted(await by.call<List<ChatItem>>("GET", `/chats${query}`)).items
    .map(({ chatId }) => chatId);
const sync = async (by: Person, cursor?: string): Promise<Sync> =>
  accepted(
    await by.call<Sync>(
      "GET",
      `/sync${cursor ? `?cursor=${encodeURIComponent(cursor)}` : ""}`,
    ),
  );
const headOf = ({ chats }: Pick<Sync, "chats">, chatId: ChatId) =>
  chats.find((head) => head.chatId === chatId);
const later = (ms = 3_600_000) => new Date(Date.now() + ms).toISOString();

/** The same person on another device. */
async function onAnotherDevice(person: Person): Promise<Person> {
  const { body } = await person.call("POST", "/auth/login", {
    login: person.username,
    password: "correct horse battery",
  });
  return personOf(person.url, body as Person["session"]);
}

Deno.test("preferences of a chat", async (t) => {
  await using service = await testApp();
  const [ann, bob] = [
    await newPerson(service.url, "a"),
    await newPerson(service.url, "b"),
  ];
  const phone = await onAnotherDevice(ann);
  const chatId = await directChat(ann, bob);
  let cursor = (await sync(ann)).cursor;

  await t.step("are those of nobody who has set none", async () => {
    const me = await own(ann, chatId);
    assert.deepEqual({ ...me, ...noPreferences, draft: null }, me);
    assert.equal(headOf(await sync(ann), chatId)!.preferences, undefined);
  });

  await t.step("reach every device, the list, sync and hello", async () => {
    await using line = await phone.connect();
    await using others = await bob.connect();
    const mutedUntil = later();
    const draft = { text: "Dear Bob", replyTo: newId() };
    const patch = {
      ...{ mutedUntil, pinned: true, archived: true, markedUnread: true },
      notify: "mentions" as const,
    };
    const { me } = await set(ann, chatId, { ...patch, draft });
    const expected: ChatPreferences = {
      ...noPreferences,
      ...patch,
      accountRev: me.accountRev,
    };
    assert.deepEqual({ ...me, ...expected, draft }, me);
    const event = await line.heard("preferences.updated");
    assert.deepEqual(event, {
      type: "preferences.updated",
      accountRev: me.accountRev,
      chatId,
      preferences: expected,
      draft,
    });
    const page = await sync(phone, cursor);
    assert.deepEqual(headOf(page, chatId)!.preferences, expected);
    assert.deepEqual(page.drafts, [{
      chatId,
      accountRev: me.accountRev,
      draft,
    }]);
    await using again = await phone.connect(cursor);
    assert.deepEqual(headOf(again.welcome, chatId)!.preferences, expected);
    cursor = page.cursor;
    assert.deepEqual((await sync(phone, cursor)).chats, []);

    // Nobody else learns of any of it.
    await others.ask({ type: "ping" });
    assert.deepEqual(others.events, []);
    assert.equal((await own(bob, chatId)).accountRev, 0);
  });

  await t.step(
    "stay as they are where a patch does not name them",
    async () => {
      const before = await own(ann, chatId);
      await using line = await phone.connect();
      const { me } = await set(ann, chatId, { pinned: false });
      assert.deepEqual(me, {
        ...before,
        pinned: false,
        accountRev: before.accountRev + 1,
      });
      const event = await line.heard("preferences.updated");
      assert.equal("draft" in event, false);
      assert.equal(
        (await set(ann, chatId, { pinned: false, notify: "mentions" })).me
          .accountRev,
        me.accountRev,
        "what changes nothing takes no number",
      );
    },
  );

  await t.step("are refused to those outside, and when malformed", async () => {
    const stranger = await newPerson(service.url);
    refused(
      await stranger.call("PATCH", `/chats/${chatId}/me`, { pinned: true }),
      "not_found",
    );
    refused(
      await stranger.call("DELETE", `/chats/${chatId}/history`),
      "not_found",
    );
    for (
      const patch of [
        { notify: "some" },
        { mutedUntil: "tomorrow" },
        { draft: { text: "" } },
        { draft: { text: "a".repeat(16_001) } },
        { clearedSeq: 1 },
      ]
    ) {
      refused(
        await ann.call("PATCH", `/chats/${chatId}/me`, patch),
        "invalid_input",
      );
    }
  });

  await t.step(
    "of one who left are no news, and there again after",
    async () => {
      const group = await groupOf(bob, ann);
      await set(ann, group, { pinned: true, draft: { text: "Later" } });
      const since = (await sync(ann)).cursor;
      await set(ann, group, { draft: { text: "Later still" } });
      accepted(await ann.call("DELETE", `/chats/${group}/members/me`));
      refused(
        await ann.call("PATCH", `/chats/${group}/me`, { pinned: false }),
        "not_found",
      );
      const page = await sync(ann, since);
      assert.deepEqual(page.gone, [group]);
      assert.deepEqual(page.drafts.map(({ draft }) => draft), [null]);
      const body = { userIds: [ann.userId] };
      accepted(await bob.call("POST", `/chats/${group}/members`, body));
      assert.deepEqual((await own(ann, group)).draft, { text: "Later still" });
    },
  );

  await t.step("put the pinned first and the archived apart", async () => {
    const cleo = await newPerson(service.url);
    const chats: ChatId[] = [];
    for (let i = 0; i < 6; i++) chats.unshift(await groupOf(cleo));
    const [a, b, c, d, e, f] = chats as [
      ...[ChatId, ChatId, ChatId],
      ...[ChatId, ChatId, ChatId],
    ];
    await set(cleo, e, { pinned: true });
    await set(cleo, c, { pinned: true });
    await set(cleo, b, { archived: true });
    await set(cleo, f, { archived: true, pinned: true });
    const plain = [c, e, a, d];
    assert.deepEqual(await list(cleo), plain);
    assert.deepEqual(await list(cleo, "?archived=true"), [f, b]);
    for (const [query, expected] of [["", plain], ["archived=true", [f, b]]]) {
      for (const limit of [1, 2, 3]) {
        const found: ChatId[] = [];
        for (let cursor: string | null = ""; cursor !== null;) {
          const page: List<ChatItem> = accepted(
            await cleo.call<List<ChatItem>>(
              "GET",
              `/chats?${query}&limit=${limit}${
                cursor && `&cursor=${encodeURIComponent(cursor)}`
              }`,
            ),
          );
          found.push(...page.items.map(({ chatId }) => chatId));
          cursor = page.nextCursor;
        }
        assert.deepEqual(found, expected, `${query} by ${limit}`);
      }
    }
    // Somebody's writing does not take a chat out of the archive.
    await send(cleo, b);
    assert.deepEqual(await list(cleo, "?archived=true"), [f, b]);
    refused(await cleo.call("GET", "/chats?archived=yes"), "invalid_input");
  });

  await t.step("lose the mark by reading, wherever the cursor is", async () => {
    await send(bob, chatId);
    const { seq } = await send(bob, chatId);
    accepted(await ann.call("POST", `/chats/${chatId}/read`, { seq }));
    await set(ann, chatId, { markedUnread: true });
    accepted(await ann.call("POST", `/chats/${chatId}/delivered`, { seq }));
    assert.equal((await own(ann, chatId)).markedUnread, true);
    await using line = await phone.connect();
    accepted(await ann.call("POST", `/chats/${chatId}/read`, { seq }));
    const event = await line.heard("preferences.updated");
    assert.equal(event.preferences.markedUnread, false);
    await set(ann, chatId, { markedUnread: true });
    await line.ask({ type: "read", chatId, seq: 1 });
    assert.equal((await own(ann, chatId)).markedUnread, false);
  });

  assert.deepEqual(service.complaints, []);
});

Deno.test("a draft", async (t) => {
  await using service = await testApp();
  const [ann, bob] = [
    await newPerson(service.url, "a"),
    await newPerson(service.url, "b"),
  ];
  const phone = await onAnotherDevice(ann);
  const chatId = await directChat(ann, bob);
  const draft: Draft = { text: "Words that nobody was meant to read" };

  await t.step("is sealed at rest, for one person in one chat", async () => {
    await set(ann, chatId, { draft });
    const { database: db } = service.db;
    const [[row]] = await db.run(
      sql<{ all: string; sealed: Uint8Array }>`select p::text as all,
        draft_sealed as sealed from chat_preferences p`,
    );
    assert.ok(row!.sealed.length > draft.text.length);
    assert.ok(!row!.all.includes("Words"));
    assert.ok(!new TextDecoder().decode(row!.sealed).includes("Words"));
    await db.run(
      sql`update chat_preferences set user_id = ${bob.userId}::uuid`,
    );
    assert.equal((await own(bob, chatId)).draft, null);
    assert.equal(service.complaints.splice(0).length, 1);
    await db.run(
      sql`update chat_preferences set user_id = ${ann.userId}::uuid`,
    );
    assert.deepEqual((await own(ann, chatId)).draft, draft);
  });

  await t.step("stays when something else is sent", async () => {
    await send(phone, chatId);
    assert.deepEqual((await own(ann, chatId)).draft, draft);
  });

  for (const door of ["rest", "socket"] as const) {
    await t.step(`goes with a send over ${door} that says so`, async () => {
      await set(ann, chatId, { draft });
      await using line = await ann.connect();
      await using phoneLine = await phone.connect();
      const messageId = newId();
      const body = { messageId, content: said("Sent"), clearDraft: true };
      if (door === "rest") {
        accepted(await phone.call("POST", `/chats/${chatId}/messages`, body));
      } else {
        const frame = { type: "send", chatId, ...body };
        assert.ok((await phoneLine.ask(frame)).ok);
      }
      const gone = await line.heard("preferences.updated");
      assert.equal(gone.draft, null);
      await line.heard(
        "message.created",
        ({ message }) => message.messageId === messageId,
      );
      assert.equal((await own(ann, chatId)).draft, null);

      // Said again, it takes nothing away that was written since.
      await set(ann, chatId, { draft });
      const again = await phone.call("POST", `/chats/${chatId}/messages`, body);
      assert.equal(again.status, 200);
      assert.deepEqual((await own(ann, chatId)).draft, draft);
    });
  }

  await t.step("is taken away by hand, once", async () => {
    await set(ann, chatId, { draft });
    const { me } = await set(ann, chatId, { draft: null });
    assert.equal(me.draft, null);
    const again = await set(ann, chatId, { draft: null });
    assert.equal(again.me.accountRev, me.accountRev);
    const page = await sync(ann);
    const [last] = page.drafts.filter((each) => each.chatId === chatId);
    assert.equal(last!.draft, null);
  });

  assert.deepEqual(service.complaints, []);
});

Deno.test("clearing the history", async (t) => {
  await using service = await testApp();
  const [ann, bob] = [
    await newPerson(service.url, "a"),
    await newPerson(service.url, "b"),
  ];
  const phone = await onAnotherDevice(ann);
  const chatId = await groupOf(ann, bob);
  const first = await send(bob, chatId, "First");
  const mine = await send(ann, chatId, "Mine");
  const reply = await send(bob, chatId, "Reply", { replyTo: first.messageId });
  const before = (await sync(ann)).cursor;
  await using line = await phone.connect();
  await using others = await bob.connect();

  accepted(await ann.call("DELETE", `/chats/${chatId}/history`));

  await t.step("tells the account's devices, and nobody else", async () => {
    const { preferences } = await line.heard("preferences.updated");
    assert.equal(preferences.clearedSeq, reply.seq);
    const head = headOf(await sync(phone, before), chatId)!;
    assert.equal(head.preferences!.clearedSeq, reply.seq);
    assert.deepEqual([head.readSeq, head.unread], [mine.seq, 0]);
    await others.ask({ type: "ping" });
    assert.deepEqual(others.events, []);
  });

  await t.step("hides what was said from every read", async () => {
    for (const query of ["", "?after=0", "?before=9", `?around=${mine.seq}`]) {
      const page = await history(ann, chatId, query);
      assert.deepEqual(
        [page.items, page.hasBefore, page.hasAfter],
        [[], false, false],
      );
    }
    for (const message of [first, mine, reply]) {
      for (const rest of ["", "/replies", "/status", "/edits"]) {
        refused(await ann.call("GET", at(message, rest)), "not_found");
      }
    }
    const other = await groupOf(ann);
    const forward = { chatId, messageId: first.messageId };
    refused(
      await ann.call("POST", `/chats/${other}/messages`, { forward }),
      "not_found",
    );
    const changes = accepted(
      await ann.call<{ messages: unknown[]; to: number }>(
        "GET",
        `/chats/${chatId}/changes?since=0`,
      ),
    );
    assert.deepEqual(changes.messages, []);
    const item = accepted(
      await ann.call<ChatItem>("GET", `/chats/${chatId}`),
    );
    assert.deepEqual([item.lastMessage, item.me.unread], [null, 0]);
    const document = accepted(
      await ann.call<
        { messages: { chatId: ChatId }[]; chats: { preferences: unknown }[] }
      >("GET", "/me/export"),
    );
    assert.ok(!document.messages.some((each) => each.chatId === chatId));
    assert.equal(
      (document.chats.find((each) => each.preferences !== null)!
        .preferences as ChatPreferences).clearedSeq,
      reply.seq,
    );
  });

  await t.step("shows what is said after, and threads with it", async () => {
    const next = await send(bob, chatId, "Next", { replyTo: first.messageId });
    assert.deepEqual((await history(ann, chatId)).items, [next]);
    const item = accepted(await ann.call<ChatItem>("GET", `/chats/${chatId}`));
    assert.equal(item.lastMessage!.seq, next.seq);
    assert.equal(item.me.unread, 1);
  });

  await t.step("leaves the others' history and receipts alone", async () => {
    assert.equal((await history(bob, chatId)).items.length, reply.seq + 1);
    const { receipts } = accepted(
      await bob.call<
        { receipts: { userId: string; readSeq: number }[] }
      >("GET", `/chats/${chatId}/changes?since=0`),
    );
    const { readSeq } = receipts.find((r) => r.userId === ann.userId)!;
    assert.equal(readSeq, mine.seq);
  });

  await t.step(
    "is undone by nothing, leaving and coming back included",
    async () => {
      accepted(await ann.call("DELETE", `/chats/${chatId}/members/me`));
      accepted(
        await bob.call("POST", `/chats/${chatId}/members`, {
          userIds: [ann.userId],
        }),
      );
      const { items, hasBefore } = await history(ann, chatId);
      assert.equal(items[0]!.seq, reply.seq + 1);
      assert.equal(hasBefore, false);
    },
  );

  await t.step("twice takes no second number", async () => {
    accepted(await ann.call("DELETE", `/chats/${chatId}/history`));
    const { accountRev } = await own(ann, chatId);
    accepted(await ann.call("DELETE", `/chats/${chatId}/history`));
    assert.equal((await own(ann, chatId)).accountRev, accountRev);
  });
  assert.deepEqual(service.complaints, []);
});

Deno.test("preferences reach a device on another isolate though the relay is silent", async () => {
  await using service = await testApp({ SWEEP_MS: "200" });
  await using other = await anotherIsolate(service, { SWEEP_MS: "200" });
  const [ann, bob] = [
    await newPerson(service.url, "a"),
    await newPerson(service.url, "b"),
  ];
  const chatId = await directChat(ann, bob);
  const there = personOf(other.url, ann.session);
  await using line = await there.connect();
  const { cursor } = line.welcome;
  await set(ann, chatId, { pinned: true, draft: { text: "Dear Bob" } });
  const behind: EventOf<"account.behind"> = await line.heard("account.behind");
  const page = await sync(there, cursor);
  assert.ok(page.accountRev >= behind.accountRev);
  assert.equal(headOf(page, chatId)!.preferences!.pinned, true);
  assert.deepEqual(page.drafts[0]!.draft, { text: "Dear Bob" });
});
