import { countKeys, rotateKeys } from "./chats/mod.ts";
import { readConfig } from "./config.ts";
import { createMasterKeys, type MasterKeys } from "./crypto/master_keys.ts";
import { type Database, openDatabase } from "./db/database.ts";
import { checkSchema } from "./db/schema.ts";
import { newKeyEntry } from "./lib/key_list.ts";
import { Problem } from "./protocol/problem.ts";
import { loadSecrets, secretsFile } from "./secrets.ts";

const usage = `The keys that seal messages and sign tokens.

  deno task keys new       print a fresh entry for MASTER_KEYS and for JWT_KEYS
  deno task keys status    count the chats' data keys by the master key that wraps them
  deno task keys rotate    wrap every data key with the first master key

To change the master key:
  1. Put a fresh entry first: MASTER_KEYS=<new>,<old>. Restart every isolate.
  2. deno task keys rotate, with the same MASTER_KEYS. The service may go on meanwhile.
  3. When 'status' shows none under the old one, take it out and restart again.
With the embedded database the keys stand in 'secrets.env' in DATA_DIR, and the service has to be
stopped for 2. Backups made before 2 need the old key: keep it as long as them.

To change the signing key, put a fresh entry first in JWT_KEYS, restart, and take the old one out
once its last access tokens have run out, after 15 minutes.`;

async function main([verb, ...rest]: readonly string[]): Promise<number> {
  if (rest.length > 0) return explain(2);
  switch (verb) {
    case "new":
      return printNew();
    case "status":
      return await withDatabase(status);
    case "rotate":
      return await withDatabase(rotate);
    case "--help":
      return explain(0);
    default:
      return explain(2);
  }
}

function explain(exitCode: number): number {
  console.log(usage);
  return exitCode;
}

/** Named by the day and some random letters, so that entries of a list tell each other apart. */
function printNew(): number {
  const day = new Date().toISOString().slice(0, 10).replaceAll("-", "");
  const id = `${day}-${crypto.randomUUID().slice(0, 4)}`;
  console.log(`MASTER_KEYS=${newKeyEntry(`m${id}`)}`);
  console.log(`JWT_KEYS=${newKeyEntry(`j${id}`)}`);
  return 0;
}

type Work = (db: Database, masterKeys: MasterKeys) => Promise<number>;

/** Opens what the environment names, as the service would. */
async function withDatabase(work: Work): Promise<number> {
  const config = readConfig(Deno.env.toObject());
  const { masterKeys } = await loadSecrets(config);
  await using cleanup = new AsyncDisposableStack();
  let { url } = config.database;
  if (url === null) {
    const { openEmbedded } = await import("./db/embedded.ts");
    url = cleanup.use(await openEmbedded(config)).url;
    console.log(`Master keys from '${secretsFile(config.dataDir)}'`);
  }
  const db = cleanup.use(
    openDatabase({ url, connections: 1, queryMs: 60_000 }),
  );
  await checkSchema(db);
  return await work(db, createMasterKeys(masterKeys));
}

const status: Work = async (db, { current }) => {
  const counts = await countKeys(db);
  counts.set(current, counts.get(current) ?? 0);
  for (const [id, count] of counts) {
    const note = id === current ? "  (wraps from now on)" : "";
    console.log(`${String(count).padStart(9)}  ${id}${note}`);
  }
  return 0;
};

const rotate: Work = async (db, masterKeys) => {
  const { rewrapped, failed } = await rotateKeys(db, masterKeys);
  console.log(`Wrapped ${rewrapped} data keys with '${masterKeys.current}'`);
  for (const { chatId, reason } of failed) {
    console.error(`Chat ${chatId}: ${reason}`);
  }
  return failed.length === 0 ? 0 : 1;
};

if (import.meta.main) {
  try {
    Deno.exitCode = await main(Deno.args);
  } catch (error) {
    const reason = error instanceof Problem ? error.cause ?? error : error;
    console.error(reason instanceof Error ? reason.message : reason);
    Deno.exitCode = 1;
  }
}
