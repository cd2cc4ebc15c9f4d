import assert from "node:assert/strict";
import { countKeys, keysOf, rotateKeys } from "../src/chats/mod.ts";
import { newDataKey, type StoredKey } from "../src/crypto/data_keys.ts";
import { createMasterKeys } from "../src/crypto/master_keys.ts";
import { createSealer, type SealedMessage } from "../src/crypto/sealer.ts";
import { type Database, openDatabase } from "../src/db/database.ts";
import { openEmbedded } from "../src/db/embedded.ts";
import { sql } from "../src/db/sql.ts";
import { newKeyEntry, parseKeyList } from "../src/lib/key_list.ts";
import type { ChatId, MessageId } from "../src/protocol/ids.ts";
import { secretsFile } from "../src/secrets.ts";
import { anotherIsolate, testApp } from "./support/app.ts";
import { testDatabase, testServer } from "./support/database.ts";
import { groupOf, newPerson } from "./support/peer.ts";
import { testDataDir } from "./support/template.ts";

const [m1, m2] = [newKeyEntry("m1"), newKeyEntry("m2")];
const masterKeysOf = (list: string) => createMasterKeys(parseKeyList(list));

const sealerOf = (db: Database, list: string) =>
  createSealer({
    masterKeys: masterKeysOf(list),
    loadKeys: async (chatIds) => (await db.run(keysOf(chatIds)))[0],
  });

/** Chats with a key under the first of the master keys, and a sealed message each. */
async function sealedMessages(
  db: Database,
  list: string,
  count: number,
): Promise<SealedMessage[]> {
  const sealer = sealerOf(db, list);
  return await Promise.all(Array.from({ length: count }, async (_, i) => {
    const chatId = crypto.randomUUID() as ChatId;
    const messageId = crypto.randomUUID() as MessageId;
    await store(db, await newDataKey(masterKeysOf(list), chatId));
    const sealed = await sealer.seal(chatId, messageId, `message ${i}`);
    return { chatId, messageId, ...sealed };
  }));
}

const store = (
  db: Database,
  { chatId, keyVersion, masterKeyId, wrapped }: StoredKey,
) =>
  db.run(
    sql`insert into chat_keys (chat_id, key_version, master_key_id, wrapped)
    values (${chatId}::uuid, ${keyVersion}, ${masterKeyId}, ${wrapped}::bytea)`,
  );

const texts = (count: number) =>
  Array.from({ length: count }, (_, i) => `message ${i}`);

Deno.test("after a rotation every message opens without the old master key", async () => {
  await using test = await testDatabase();
  const { database: db } = test;
  const messages = await sealedMessages(db, m1, 25);
  const { chatId } = messages[0]!;
  await store(db, await newDataKey(masterKeysOf(m1), chatId, 2));

  const both = masterKeysOf(`${m2},${m1}`);
  assert.deepEqual(await rotateKeys(db, both, 10), {
    rewrapped: 26,
    failed: [],
  });
  assert.deepEqual([...await countKeys(db)], [["m2", 26]]);
  assert.deepEqual(await rotateKeys(db, both, 10), {
    rewrapped: 0,
    failed: [],
  });

  assert.deepEqual(await sealerOf(db, m2).openAll(messages), texts(25));
  await assert.rejects(sealerOf(db, m1).openAll(messages), /'m2'/);
});

Deno.test("messages open and new chats are made while the keys are rotated", async () => {
  await using test = await testDatabase();
  const { database: db } = test;
  const list = `${m2},${m1}`;
  const old = await sealedMessages(db, m1, 50);
  const rotation = rotateKeys(db, masterKeysOf(list), 5);
  const fresh = await sealedMessages(db, list, 20);
  const opened = await Promise.all(
    old.map((message) => sealerOf(db, list).open(message)),
  );
  assert.deepEqual(opened, texts(50));
  assert.equal((await rotation).rewrapped, 50);
  const all = await sealerOf(db, m2).openAll([...old, ...fresh]);
  assert.deepEqual(all, [...texts(50), ...texts(20)]);
});

Deno.test("a key that does not open is told and left alone, the others are rotated", async () => {
  await using test = await testDatabase();
  const { database: db } = test;
  const messages = await sealedMessages(db, m1, 3);
  const lost = crypto.randomUUID() as ChatId;
  const lostKey = await newDataKey(masterKeysOf(newKeyEntry("m0")), lost);
  await store(db, lostKey);
  const { rewrapped, failed } = await rotateKeys(
    db,
    masterKeysOf(`${m2},${m1}`),
    1,
  );
  assert.equal(rewrapped, 3);
  assert.deepEqual(failed.map(({ chatId }) => chatId), [lost]);
  assert.match(failed[0]!.reason, /'m0' is not configured/);
  const [[kept]] = await db.run(keysOf([lost]));
  assert.equal(kept!.masterKeyId, "m0");
  assert.equal(kept!.wrapped.toHex(), lostKey.wrapped.toHex());
  assert.deepEqual(await sealerOf(db, m2).openAll(messages), texts(3));
});

async function keysTask(args: string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "src/keys_task.ts", ...args],
    cwd: new URL("..", import.meta.url),
    env: { DATABASE_URL: "", MASTER_KEYS: "", JWT_KEYS: "", ...env },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), complaint: text(stderr) };
}

Deno.test("'keys new' prints entries that the configuration takes", async () => {
  const { code, out } = await keysTask(["new"]);
  assert.equal(code, 0);
  const [master, jwt] = out.trim().split("\n");
  assert.equal(parseKeyList(master!.replace("MASTER_KEYS=", "")).size, 1);
  assert.equal(parseKeyList(jwt!.replace("JWT_KEYS=", "")).size, 1);
});

Deno.test("'keys' explains itself", async () => {
  assert.equal((await keysTask(["--help"])).code, 0);
  for (const args of [[], ["forget"], ["rotate", "all"]]) {
    const { code, out } = await keysTask(args);
    assert.equal(code, 2);
    assert.match(out, /deno task keys rotate/);
  }
});

Deno.test({
  name: "'keys rotate' works on the database of DATABASE_URL",
  // Without TEST_DATABASE_URL there is no server to name.
  ignore: testServer === undefined,
  async fn() {
    await using test = await testDatabase();
    const messages = await sealedMessages(test.database, m1, 3);
    const env = {
      DATABASE_URL: test.url,
      MASTER_KEYS: `${m2},${m1}`,
      JWT_KEYS: newKeyEntry("j1"),
    };
    const before = await keysTask(["status"], env);
    assert.match(
      before.out,
      /^ +3 {2}m1\n +0 {2}m2 {2}\(wraps from now on\)\n$/,
    );
    const rotated = await keysTask(["rotate"], env);
    assert.equal(rotated.code, 0, rotated.complaint);
    assert.match(rotated.out, /Wrapped 3 data keys with 'm2'/);
    const { database } = test;
    assert.deepEqual(await sealerOf(database, m2).openAll(messages), texts(3));
  },
});

Deno.test("'keys rotate' works on the embedded database of a stopped service", async () => {
  await using folder = await testDataDir();
  const dataDir = folder.path;
  await Deno.writeTextFile(
    secretsFile(dataDir),
    `MASTER_KEYS=${m2},${m1}\nJWT_KEYS=${newKeyEntry("j1")}\n`,
  );
  const withDatabase = async <T>(work: (db: Database) => Promise<T>) => {
    await using server = await openEmbedded({ dataDir });
    await using db = openDatabase({
      url: server.url,
      connections: 1,
      queryMs: 10_000,
    });
    return await work(db);
  };
  const messages = await withDatabase((db) => sealedMessages(db, m1, 3));
  const rotated = await keysTask(["rotate"], { DATA_DIR: dataDir });
  assert.equal(rotated.code, 0, rotated.complaint);
  const opened = await withDatabase((db) => sealerOf(db, m2).openAll(messages));
  assert.deepEqual(opened, texts(3));
});

Deno.test("a start with master keys that do not open what is stored says so", async () => {
  await using service = await testApp({ MASTER_KEYS: m1 });
  const ann = await newPerson(service.url);
  await groupOf(ann, await newPerson(service.url));

  await assert.rejects(anotherIsolate(service, { MASTER_KEYS: m2 }), {
    message:
      "MASTER_KEYS does not fit this database: Cannot open a data key: the master key 'm1' is not configured",
  });
  await assert.rejects(
    anotherIsolate(service, { MASTER_KEYS: newKeyEntry("m1") }),
    /MASTER_KEYS does not fit this database: .*'m1'/,
  );
  await using _both = await anotherIsolate(service, {
    MASTER_KEYS: `${m2},${m1}`,
  });
});
