import assert from "node:assert/strict";
import { clusterFolder } from "../src/db/embedded.ts";
import { newKeyEntry, parseKeyList } from "../src/lib/key_list.ts";
import { loadSecrets, secretsFile } from "../src/secrets.ts";

const notGiven = { masterKeys: null, jwtKeys: null };

async function folder(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir({ prefix: "parley-test-" });
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

Deno.test("loadSecrets() makes keys once and finds them again", async () => {
  await using temp = await folder();
  const dataDir = `${temp.path}/data`;
  const first = await loadSecrets({ dataDir, ...notGiven });
  assert.deepEqual(await loadSecrets({ dataDir, ...notGiven }), first);
});

Deno.test({
  name: "loadSecrets() keeps them from other users",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using temp = await folder();
    const dataDir = `${temp.path}/data`;
    await loadSecrets({ dataDir, ...notGiven });
    const modeOf = async (path: string) =>
      ((await Deno.stat(path)).mode! & 0o777).toString(8);
    assert.equal(await modeOf(dataDir), "700");
    assert.equal(await modeOf(secretsFile(dataDir)), "600");
  },
});

Deno.test("loadSecrets() gives everyone who starts at once the same keys, and leaves one file", async () => {
  await using temp = await folder();
  const all = await Promise.all(
    Array.from(
      { length: 20 },
      () => loadSecrets({ dataDir: temp.path, ...notGiven }),
    ),
  );
  for (const secrets of all) assert.deepEqual(secrets, all[0]);
  assert.equal([...Deno.readDirSync(temp.path)].length, 1);
});

Deno.test("loadSecrets() prefers the keys of the configuration, each on its own", async () => {
  await using temp = await folder();
  const masterKeys = parseKeyList(newKeyEntry("mine"));
  const jwtKeys = parseKeyList(newKeyEntry("mine"));
  const config = { dataDir: temp.path, masterKeys, jwtKeys };
  assert.deepEqual(await loadSecrets(config), { masterKeys, jwtKeys });
  assert.equal([...Deno.readDirSync(temp.path)].length, 0);

  const mixed = await loadSecrets({ ...config, jwtKeys: null });
  assert.equal(mixed.masterKeys, masterKeys);
  assert.deepEqual([...mixed.jwtKeys.keys()], ["j1"]);
});

Deno.test("loadSecrets() makes no new master key for a database that was sealed with another", async () => {
  await using temp = await folder();
  await Deno.mkdir(clusterFolder(temp.path), { recursive: true });
  await assert.rejects(
    loadSecrets({ dataDir: temp.path, ...notGiven }),
    /Put the file back/,
  );
});

Deno.test("loadSecrets() says which file is spoilt, and not what is in it", async () => {
  await using temp = await folder();
  const path = secretsFile(temp.path);
  await Deno.writeTextFile(path, "MASTER_KEYS=m1:c2VjcmV0\nJWT_KEYS=\n");
  await assert.rejects(
    loadSecrets({ dataDir: temp.path, ...notGiven }),
    ({ message }: Error) =>
      message.includes(path) && !message.includes("c2VjcmV0"),
  );
});
