/** Promise 6: what is stored shows no text and no usable credential. */
import assert from "node:assert/strict";
import type { Session } from "../../src/protocol/accounts.ts";
import { sql } from "../../src/db/sql.ts";
import { testApp } from "../support/app.ts";
import { testServer } from "../support/database.ts";
import {
  call,
  directChat,
  groupOf,
  newPerson,
  personOf,
} from "../support/peer.ts";
import { postgresPrograms } from "../support/programs.ts";
import { granted, say, text } from "../support/say.ts";
import { serviceData, startService } from "../support/service.ts";
import { spellings } from "../support/spellings.ts";

const latin1 = new TextDecoder("latin1");
const markers = [
  "MarkerOfAPassword12",
  "MarkerOfASentence",
  "MarkerOfAnEditedSentence",
  "MarkerOfADeletedSentence",
];

Deno.test("promise 6: a dump shows no text and no credential", async () => {
  await using service = await testApp();
  const marker = "MarkerOfAVerySecretSentence";
  const edited = "MarkerOfAnEditedSentence";
  const secretPassword = "MarkerOfAPassword12";
  const body = { username: "mallory", password: secretPassword };
  const made = await call<Session>(service.url, "POST", "/auth/register", {
    body,
  });
  const ann = personOf(service.url, made.body);
  const bob = await newPerson(service.url);
  const chatId = await directChat(ann, bob);
  await using line = await ann.connect();
  const { messageId } = await say(line, chatId, marker);
  await line.ask({
    type: "edit",
    chatId,
    messageId,
    content: { type: "text", text: edited },
  });
  await say(line, chatId, marker.repeat(20));

  const { database } = service.db;
  const [tables] = await database.run(
    sql<
      { name: string }
    >`select tablename as name from pg_tables where schemaname = 'public'`,
  );
  let dump = "";
  for (const { name } of tables) {
    const [rows] = await database.run(
      sql<{ row: string }>`select row::text as row from ${
        Object.assign(sql``, { text: `"${name}"` })
      } row`,
    );
    dump += rows.map(({ row }) => row).join("\n");
  }
  assert.ok(dump.includes(messageId), "the dump holds the message's row");
  const { accessToken, refreshToken } = made.body;
  for (
    const secret of [
      marker,
      edited,
      secretPassword,
      refreshToken!,
      accessToken,
      accessToken.split(".")[2]!,
    ]
  ) {
    for (const spelling of spellings(secret)) {
      assert.ok(!dump.includes(spelling), `found ${spelling}`);
    }
  }
});

Deno.test(
  "promise 6: neither the files, nor a dump of the server, nor the log show any",
  { ignore: testServer !== null && postgresPrograms === undefined },
  async () => {
    await using data = await serviceData();
    await using service = await startService(data, { LOG_LEVEL: "debug" });
    const { url } = service;
    const body = { username: "mallory", password: "MarkerOfAPassword12" };
    const made = await call<Session>(url, "POST", "/auth/register", { body });
    const ann = personOf(url, made.body);
    const chatId = await directChat(ann, await newPerson(url));
    await using line = await ann.connect();
    const { messageId } = await say(line, chatId, "MarkerOfASentence");
    const content = text("MarkerOfAnEditedSentence");
    await granted(line.ask({ type: "edit", chatId, messageId, content }));
    await say(line, chatId, "MarkerOfADeletedSentence").then((said) =>
      granted(line.ask({ type: "delete", chatId, messageId: said.messageId }))
    );
    const { refreshToken } = made.body;
    const renewed = await call<Session>(url, "POST", "/auth/refresh", {
      body: { refreshToken },
    });
    // Stopped in order, so that everything has found its way into the files.
    service.kill("SIGTERM");
    assert.equal(await service.exited, 0);

    const tokens = [made.body, renewed.body].flatMap((session) => [
      session.refreshToken!,
      ...session.accessToken.split(".").slice(1),
    ]);
    const secrets = [...markers, ...tokens].flatMap(spellings);
    const stored = data.db
      ? [await dumpOf(data.db.url)]
      : await filesIn(data.env.DATA_DIR!);
    assert.ok(stored.some((bytes) => bytes.includes("mallory")), "it is there");
    for (const bytes of [...stored, service.lines.join("\n")]) {
      const found = secrets.filter((secret) => bytes.includes(secret));
      assert.deepEqual(found, []);
    }
  },
);

/** Every file that the service keeps, but for the one with its own keys. */
async function filesIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) found.push(...await filesIn(path));
    if (!isFile || name === "secrets.env") continue;
    found.push(latin1.decode(await Deno.readFile(path)));
  }
  return found;
}

async function dumpOf(url: string): Promise<string> {
  const { stdout, success } = await new Deno.Command(
    `${postgresPrograms}/pg_dump`,
    {
      args: ["--inserts", url],
    },
  ).output();
  assert.ok(success);
  return latin1.decode(stdout);
}

Deno.test("promise 6: a ciphertext moved to another place does not open, and harms nobody else's", async () => {
  await using service = await testApp();
  const [ann, bob] = [
    await newPerson(service.url),
    await newPerson(service.url),
  ];
  const chatId = await directChat(ann, bob);
  await using line = await ann.connect();
  const first = await say(line, chatId, "To be moved");
  const second = await say(line, chatId, "To be covered");
  const edited = await say(line, chatId, "Said first");
  for (const said of ["Said next", "Untouched"]) {
    const { messageId } = edited;
    const content = text(said);
    await granted(line.ask({ type: "edit", chatId, messageId, content }));
  }
  const elsewhere = await groupOf(ann, bob);
  const third = await say(line, elsewhere, "In another chat");
  const { database } = service.db;
  await database.run(sql`update messages set sealed =
      (select sealed from messages where message_id = ${first.messageId}::uuid)
    where message_id in (${second.messageId}::uuid, ${third.messageId}::uuid)`);
  await database.run(sql`update message_edits e set sealed = m.sealed
    from messages m where m.message_id = ${first.messageId}::uuid
      and e.chat_id = m.chat_id and e.rev = (
        select max(rev) from message_edits where chat_id = m.chat_id)`);

  const { status, body } = await bob.call<
    { items: { content: { text: string } | null }[] }
  >("GET", `/chats/${chatId}/messages`);
  assert.equal(status, 200);
  assert.deepEqual(body.items.map(({ content }) => content?.text ?? null), [
    "To be moved",
    null,
    "Untouched",
  ]);
  const other = await bob.call<{ content: unknown }>(
    "GET",
    `/chats/${elsewhere}/messages/${third.messageId}`,
  );
  assert.deepEqual([other.status, other.body.content], [200, null]);
  const earlier = await bob.call<{ items: { content: unknown }[] }>(
    "GET",
    `/chats/${chatId}/messages/${edited.messageId}/edits`,
  );
  assert.deepEqual(earlier.body.items.map(({ content }) => content), [
    null,
    text("Said first"),
  ]);
  assert.equal(service.complaints.length, 3, "the operator is told");
  for (const complaint of service.complaints) {
    assert.match(complaint, /message does not open/);
  }
});
