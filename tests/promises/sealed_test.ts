/** Promise 6: what is stored shows no text and no usable credential. */
import assert from "node:assert/strict";
import type { Session } from "../../src/protocol/accounts.ts";
import { sql } from "../../src/db/sql.ts";
import { testApp } from "../support/app.ts";
import { call, directChat, newPerson, personOf } from "../support/peer.ts";
import { say } from "../support/say.ts";

/** A text as it could stand somewhere: as it is, in hex, and in base64 at each of its three offsets. */
function spellings(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  const base64 = [0, 1, 2].map((offset) =>
    new Uint8Array([...new Uint8Array(offset), ...bytes]).toBase64()
      // Only what the neighbours do not touch.
      .slice(4, -4)
  );
  return [secret, bytes.toHex(), ...base64];
}

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
  await say(line, chatId, "Untouched");
  const { database } = service.db;
  await database.run(sql`update messages set sealed =
      (select sealed from messages where message_id = ${first.messageId}::uuid)
    where message_id = ${second.messageId}::uuid`);

  const { status, body } = await bob.call<
    { items: { content: { text: string } | null }[] }
  >("GET", `/chats/${chatId}/messages`);
  assert.equal(status, 200);
  assert.deepEqual(body.items.map(({ content }) => content?.text ?? null), [
    "To be moved",
    null,
    "Untouched",
  ]);
  assert.equal(service.complaints.length, 1, "the operator is told");
  assert.match(service.complaints[0]!, /message does not open/);
});
