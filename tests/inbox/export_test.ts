import assert from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import type { Session } from "../../src/protocol/accounts.ts";
import { AccountExport } from "../../src/protocol/export.ts";
import { createExports } from "../../src/inbox/mod.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { ChatId, UserId } from "../../src/protocol/ids.ts";
import type { Message } from "../../src/protocol/messages.ts";
import { accepted, refused } from "../support/answers.ts";
import { type TestApp, testApp } from "../support/app.ts";
import { fits } from "../support/fits.ts";
import {
  call,
  directChat,
  groupOf,
  newPerson,
  password,
  type Person,
  personOf,
} from "../support/peer.ts";
import { at, send } from "../messages/talk.ts";
import { textIn } from "../support/say.ts";

/** The whole document, checked against its schema. */
async function exported(person: Person): Promise<AccountExport> {
  const document = accepted(
    await person.call<AccountExport>("GET", "/me/export"),
  );
  fits(AccountExport, document);
  return document;
}

const open = (person: Person): Promise<Response> =>
  fetch(`${person.url}/api/v1/me/export`, {
    headers: { authorization: `Bearer ${person.session.accessToken}` },
  });

/** Messages and reactions of a person between those of somebody else, stored as nobody ever said them. */
async function fill(
  { db }: TestApp,
  chatId: ChatId,
  { mine, other, messages }: { mine: UserId; other: UserId; messages: number },
) {
  await db.database.run(
    sql`insert into messages (chat_id, seq, rev, message_id, sender_id, key_version, sealed, created_at)
      select ${chatId}::uuid, n, n, gen_random_uuid(),
        case when n % 3 = 0 then ${mine}::uuid else ${other}::uuid end, 1, '\\x00', now()
      from generate_series(1, ${messages}::integer) n`,
    sql`insert into reactions (chat_id, seq, emoji, user_id)
      select ${chatId}::uuid, n, emoji, person
      from generate_series(1, ${messages}::integer) n,
        unnest('{👍,❤️}'::text[]) emoji,
        unnest(array[${mine}::uuid, ${other}::uuid]) person where n % 5 = 0`,
    sql`update messages set sealed = null, deleted_at = now() where chat_id = ${chatId}::uuid`,
    sql`update heads set last_seq = ${messages}, rev = ${messages}
      where scope_id = ${chatId}::uuid`,
  );
}

Deno.test("an export has all that the service holds on the account, and nothing of the others'", async () => {
  await using service = await testApp();
  const [ann, bob] = [
    await newPerson(service.url, "ann"),
    await newPerson(service.url, "bob"),
  ];
  accepted(
    await ann.call("PATCH", "/me", {
      username: `${ann.username}.new`,
      email: "ann@example.org",
      about: "Counts",
    }),
  );
  const login = { login: "ann@example.org", password };
  const gone = personOf(
    service.url,
    accepted(
      await call<Session>(service.url, "POST", "/auth/login", { body: login }),
    ),
  );
  accepted(await gone.call("POST", "/auth/logout"));

  const direct = await directChat(ann, bob);
  const [left, ended] = [await groupOf(bob, ann), await groupOf(ann, bob)];
  const first = await send(ann, direct, "Mine");
  const theirs = await send(bob, direct, "Theirs");
  const removed = await send(ann, direct, "To be deleted");
  accepted(await ann.call("DELETE", at(removed)));
  const answer = { content: { type: "text", text: "Said in the group" } };
  accepted(
    await ann.call("POST", `/chats/${left}/messages`, answer),
  );
  await send(ann, ended, "Said where all is over");
  const thumb = encodeURIComponent("👍");
  accepted(await ann.call("PUT", at(theirs, `/reactions/${thumb}`)));
  accepted(await bob.call("PUT", at(first, `/reactions/${thumb}`)));
  accepted(await ann.call("DELETE", at(theirs, "?for=me")));
  accepted(await ann.call("POST", `/chats/${direct}/read`, { seq: 2 }));
  accepted(await ann.call("DELETE", `/chats/${left}/members/me`));
  accepted(await ann.call("DELETE", `/chats/${ended}`));
  await service.db.database.run(
    sql`insert into last_seen (user_id, seen_at)
      values (${ann.userId}::uuid, '2026-01-02T03:04:05.678Z')`,
  );

  const document = await exported(ann);
  const me = accepted(await ann.call("GET", "/me"));
  assert.deepEqual(document.profile, me);
  assert.deepEqual(
    document.heldUsernames.map(({ username }) => username),
    [ann.username],
  );
  assert.deepEqual(
    document.devices.map(({ deviceId, current, revokedAt }) => [
      deviceId,
      current,
      revokedAt !== null,
    ]),
    [
      [ann.session.device.deviceId, true, false],
      [gone.session.device.deviceId, false, true],
    ],
  );
  assert.equal(document.lastSeenAt, "2026-01-02T03:04:05.678Z");

  const chats = new Map(document.chats.map((chat) => [chat.chatId, chat]));
  assert.equal(document.chats.length, 3);
  const inDirect = chats.get(direct)!;
  assert.equal(inDirect.peer?.userId, bob.userId);
  assert.deepEqual([inDirect.made, inDirect.leftAt, inDirect.readSeq], [
    true,
    null,
    3,
  ]);
  const inLeft = chats.get(left)!;
  assert.ok(inLeft.leftAt);
  assert.deepEqual([inLeft.title, inLeft.made, inLeft.peer], [
    null,
    false,
    null,
  ]);
  const inEnded = chats.get(ended)!;
  assert.ok(inEnded.deletedAt);
  assert.deepEqual([inEnded.title, inEnded.role], [null, "owner"]);

  const said = document.messages.map(({ chatId, seq, content }) =>
    `${chatId} ${seq} ${textIn(content)}`
  );
  assert.deepEqual(
    said.sort(),
    [
      `${direct} 1 Mine`,
      `${direct} 3 null`,
      `${left} 2 Said in the group`,
      // That she left, as the group was told.
      `${left} 3 null`,
      // Its keys are gone: what is left cannot be read by anybody.
      `${ended} 1 null`,
      `${ended} 2 null`,
    ].sort(),
  );
  assert.deepEqual(
    document.reactions.map(({ chatId, seq, emoji }) => [chatId, seq, emoji]),
    [[direct, 2, "👍"]],
  );
  assert.deepEqual(document.hiddenMessages, [{
    chatId: direct,
    seq: 2,
    messageId: theirs.messageId,
  }]);
  assert.doesNotMatch(JSON.stringify(document), /Theirs/);
  assert.deepEqual(service.complaints, []);
});

Deno.test("a long history is exported whole, in pages", async () => {
  await using service = await testApp();
  const [ann, bob, cleo] = [
    await newPerson(service.url),
    await newPerson(service.url),
    await newPerson(service.url),
  ];
  const people = { mine: ann.userId, other: bob.userId };
  const [long, short] = [
    await directChat(ann, bob),
    await directChat(cleo, ann),
  ];
  await fill(service, long, { ...people, messages: 12_000 });
  await fill(service, short, { ...people, messages: 300 });
  const document = await exported(ann);

  const seqsOf = (items: readonly { chatId: string; seq: number }[]) => ({
    long: items.filter(({ chatId }) => chatId === long).map(({ seq }) => seq),
    short: items.filter(({ chatId }) => chatId === short).map(({ seq }) => seq),
  });
  const every = (step: number, upTo: number, times = 1) =>
    Array.from(
      { length: upTo / step * times },
      (_, i) => (Math.floor(i / times) + 1) * step,
    );
  assert.deepEqual(seqsOf(document.messages), {
    long: every(3, 12_000),
    short: every(3, 300),
  });
  assert.deepEqual(seqsOf(document.reactions), {
    long: every(5, 12_000, 2),
    short: every(5, 300, 2),
  });
  const marks = document.reactions.map(({ chatId, seq, emoji }) =>
    `${chatId} ${seq} ${emoji}`
  );
  assert.equal(new Set(marks).size, marks.length);
  assert.deepEqual(service.complaints, []);
});

/** More than lies in the buffers of a connection on its way. */
async function muchToRead(person: Person, friend: Person) {
  const chatId = await directChat(person, friend);
  const text = "€".repeat(limits.textLength);
  for (let i = 0; i < 40; i++) {
    await Promise.all(
      Array.from({ length: 10 }, () => send(person, chatId, text)),
    );
  }
}

const readOn = (reader: ReadableStreamDefaultReader) => async () => {
  while (!(await reader.read()).done);
};

Deno.test("a sign-out breaks an export off", async () => {
  await using service = await testApp();
  const [ann, bob] = [
    await newPerson(service.url),
    await newPerson(service.url),
  ];
  await muchToRead(ann, bob);
  const response = await open(ann);
  assert.equal(response.status, 200);
  assert.match(
    response.headers.get("content-disposition")!,
    /attachment; filename="parley-account.json"/,
  );
  const reader = response.body!.getReader();
  assert.ok(!(await reader.read()).done);
  accepted(await ann.call("POST", "/auth/logout"));
  await assert.rejects(readOn(reader));
  assert.deepEqual(
    service.complaints.map((line) => JSON.parse(line).message),
    ["export broke off"],
  );
});

Deno.test("an export that nobody reads on does not hold up the end of the service", async () => {
  const service = await testApp();
  const [ann, bob] = [
    await newPerson(service.url),
    await newPerson(service.url),
  ];
  await muchToRead(ann, bob);
  const response = await open(ann);
  const reader = response.body!.getReader();
  assert.ok(!(await reader.read()).done);
  // Waits for every answer that is under way.
  await service[Symbol.asyncDispose]();
  await assert.rejects(readOn(reader));
  assert.deepEqual(service.complaints, []);
});

Deno.test("what is not read is not fetched", async () => {
  await using service = await testApp();
  const [ann, bob] = [
    await newPerson(service.url),
    await newPerson(service.url),
  ];
  const chatId = await directChat(ann, bob);
  const people = { mine: ann.userId, other: bob.userId };
  await fill(service, chatId, { ...people, messages: 3000 });
  let fetched = 0;
  const { database } = service.db;
  const exports = createExports({
    db: {
      ...database,
      run: (...statements) => {
        fetched++;
        return database.run(...statements);
      },
    },
    open: (rows) =>
      Promise.resolve(
        rows.map((row) => ({ ...row, content: null, forwardedFrom: null })),
      ),
    openContent: () => assert.fail("nothing was edited"),
    openDraft: () => Promise.resolve(null),
    clock: Date.now,
    turns: (_key, work) => work(),
    limit: { take() {}, giveBack() {} },
    onBroken: (error) => assert.fail(`${error}`),
  });
  const { deviceId } = ann.session.device;
  const stream = await exports.read({ userId: ann.userId, deviceId });
  const before = fetched;
  accepted(await ann.call("GET", "/me"));
  assert.equal(fetched, before);

  const reader = stream.getReader();
  await reader.read();
  accepted(await ann.call("GET", "/me"));
  assert.equal(fetched, before);
  await reader.read();
  assert.ok(fetched > before);
  const then = fetched;
  await reader.cancel();
  accepted(await ann.call("GET", "/me"));
  assert.equal(fetched, then);
});

Deno.test("an export is refused to strangers, and to whoever has begun too many", async () => {
  await using service = await testApp();
  const [ann, bob] = [
    await newPerson(service.url),
    await newPerson(service.url),
  ];
  refused(await call(service.url, "GET", "/me/export"), "unauthenticated");
  for (let i = 0; i < 3; i++) await exported(ann);
  refused(await ann.call("GET", "/me/export"), "rate_limited");
  await exported(bob);
});

Deno.test("what is said and deleted while an export runs does not disturb it", async () => {
  await using service = await testApp();
  const [ann, bob] = [
    await newPerson(service.url),
    await newPerson(service.url),
  ];
  const chatId = await directChat(ann, bob);
  const before: Message[] = [];
  for (let i = 0; i < 250; i += 10) {
    before.push(
      ...await Promise.all(
        Array.from({ length: 10 }, (_, j) => send(ann, chatId, `${i + j}`)),
      ),
    );
  }
  const deleted = before.slice(0, 20);
  const [document] = await Promise.all([
    exported(ann),
    ...deleted.map((message) => ann.call("DELETE", at(message))),
    ...Array.from({ length: 20 }, () => send(ann, chatId, "Meanwhile")),
  ]);
  const seqs = document.messages.map(({ seq }) => seq);
  assert.deepEqual(seqs.slice(0, 250), before.map((_, i) => i + 1));
  assert.deepEqual(seqs, [...new Set(seqs)]);
  const kept = new Map(document.messages.map((each) => [each.seq, each]));
  for (const { seq, content } of before.slice(20)) {
    assert.deepEqual(kept.get(seq)!.content, content);
  }
});
