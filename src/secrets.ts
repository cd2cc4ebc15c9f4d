import { dirname, join } from "node:path";
import type { Config } from "./config.ts";
import { clusterFolder } from "./db/embedded.ts";
import { type KeyList, newKeyEntry, parseKeyList } from "./lib/key_list.ts";

export interface Secrets {
  readonly masterKeys: KeyList;
  readonly jwtKeys: KeyList;
}

/** What of the configuration the secrets depend on. */
export type SecretsConfig = Pick<Config, "dataDir" | "masterKeys" | "jwtKeys">;

/** The file under DATA_DIR, in the form of an environment file, so that its lines can move to one. */
export const secretsFile = (dataDir: string) => join(dataDir, "secrets.env");

/**
 * The keys that the configuration names, and for those it does not, the ones kept under DATA_DIR.
 * They are made on first start: whole or not at all, readable by this user alone, and the same for
 * two processes that start at once.
 */
export async function loadSecrets(config: SecretsConfig): Promise<Secrets> {
  const { dataDir, masterKeys, jwtKeys } = config;
  if (masterKeys && jwtKeys) return { masterKeys, jwtKeys };
  const path = secretsFile(dataDir);
  const text = await read(path) ?? await make(path, config);
  return {
    masterKeys: masterKeys ?? keysIn(text, "MASTER_KEYS", path),
    jwtKeys: jwtKeys ?? keysIn(text, "JWT_KEYS", path),
  };
}

async function make(path: string, config: SecretsConfig): Promise<string> {
  const { dataDir, masterKeys } = config;
  if (!masterKeys && await exists(clusterFolder(dataDir))) {
    throw new Error(
      `Cannot find '${path}', and the messages in '${dataDir}' are sealed with the keys in it. ` +
        "Put the file back or set MASTER_KEYS",
    );
  }
  const text = [
    "# Made on first start. Whoever has these keys can read every message; without them nobody can.",
    `MASTER_KEYS=${newKeyEntry("m1")}`,
    `JWT_KEYS=${newKeyEntry("j1")}`,
    "",
  ].join("\n");
  await Deno.mkdir(dataDir, { recursive: true, mode: 0o700 });
  await createOnce(path, text);
  return await Deno.readTextFile(path);
}

/** The file appears complete and on the disk, or is the one that another process has just made. */
async function createOnce(path: string, text: string): Promise<void> {
  const unfinished = `${path}.${crypto.randomUUID()}`;
  try {
    await Deno.writeTextFile(unfinished, text, {
      createNew: true,
      mode: 0o600,
    });
    await flush(unfinished);
    // A link, unlike a rename, refuses to replace what is there.
    await Deno.link(unfinished, path).catch((error) => {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    });
  } finally {
    await Deno.remove(unfinished);
  }
  // Windows opens no folders, and needs no help to keep their entries.
  if (Deno.build.os !== "windows") await flush(dirname(path));
}

async function flush(path: string): Promise<void> {
  using file = await Deno.open(path);
  await file.sync();
}

function keysIn(text: string, name: string, path: string): KeyList {
  const line = text.split("\n").find((line) => line.startsWith(`${name}=`));
  try {
    return parseKeyList(line?.slice(name.length + 1) ?? "");
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new Error(`Cannot read ${name} in '${path}': ${reason}`, { cause });
  }
}

async function read(path: string): Promise<string | undefined> {
  return await Deno.readTextFile(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return undefined;
  });
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
