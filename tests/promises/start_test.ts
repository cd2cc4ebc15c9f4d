/** Promise 1 before the first message: whatever a start is interrupted by, the next one makes up for it. */
import assert from "node:assert/strict";
import { testServer } from "../support/database.ts";
import { directChat, newPerson } from "../support/peer.ts";
import { say } from "../support/say.ts";
import { serviceData, startService } from "../support/service.ts";

// Only the embedded database is made by the service.
const ignore = testServer !== null;

async function newFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir({ prefix: "parley-test-" });
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** Starts the service and kills it as soon as it has made a file or folder. */
async function killedAt(dataDir: string, made: string): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "src/main.ts"],
    env: { DATA_DIR: dataDir, PORT: "0", HOST: "127.0.0.1" },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const ended = child.status.then(() => true);
  const isThere = () =>
    Deno.stat(`${dataDir}/${made}`).then(() => true, () => false);
  while (!await isThere()) {
    const step = new Promise<false>((resolve) =>
      setTimeout(() => resolve(false), 5)
    );
    if (await Promise.race([ended, step])) {
      assert.fail(`The service ended before it had made ${made}`);
    }
  }
  child.kill("SIGKILL");
  await ended;
}

Deno.test("a first start killed anywhere is made up for by the next", {
  ignore,
}, async () => {
  await using folder = await newFolder();
  for (
    const made of [
      "secrets.env",
      "database/cluster.unfinished/PG_VERSION",
      "database/cluster",
    ]
  ) {
    await killedAt(folder.path, made);
  }
  const secrets = await Deno.readTextFile(`${folder.path}/secrets.env`);
  await using service = await startService({ env: { DATA_DIR: folder.path } });
  const ann = await newPerson(service.url);
  const chatId = await directChat(ann, await newPerson(service.url));
  await using line = await ann.connect();
  assert.equal((await say(line, chatId, "It works")).seq, 1);
  assert.equal(
    await Deno.readTextFile(`${folder.path}/secrets.env`),
    secrets,
  );
});

Deno.test(
  "a second service on one DATA_DIR is refused in a sentence, and the first one does not notice",
  { ignore },
  async () => {
    await using data = await serviceData();
    await using first = await startService(data);
    const ann = await newPerson(first.url);
    await assert.rejects(
      startService(data),
      /ended with 1: Cannot open the database in '.+': another process is using it\. Stop that process, or give this one a DATA_DIR of its own$/,
    );
    assert.equal((await ann.call("GET", "/me")).status, 200);
  },
);
