import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { openEmbedded } from "../../src/db/embedded.ts";
import { migrate } from "../../src/db/migrate.ts";
import { migrationsFolder } from "../../src/db/schema.ts";
import { loadSecrets } from "../../src/secrets.ts";
import config from "../../deno.json" with { type: "json" };

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Names the schema: another one for other migrations or another embedded Postgres. */
export async function schemaHash(): Promise<string> {
  const hash = createHash("sha256");
  hash.update(config.imports["@electric-sql/pglite"]);
  const names = [...Deno.readDirSync(migrationsFolder)].map(({ name }) => name);
  for (const name of names.sort()) {
    hash.update(name);
    hash.update(await Deno.readFile(new URL(name, migrationsFolder)));
  }
  return hash.digest("hex").slice(0, 16);
}

/**
 * A data folder with a migrated database in it, to be copied and never opened. Made once and kept,
 * since making a cluster takes seconds. Two processes may make it at once: the first one wins.
 */
export async function templateFolder(): Promise<string> {
  const template = `${root}.data/test-template-${await schemaHash()}`;
  if (await exists(template)) return template;
  await Deno.mkdir(`${root}.data`, { recursive: true });
  const mine = await Deno.makeTempDir({ dir: `${root}.data` });
  {
    await using server = await openEmbedded({ dataDir: mine });
    await migrate(server.url);
  }
  try {
    await Deno.rename(mine, template);
  } catch (error) {
    await Deno.remove(mine, { recursive: true });
    if (!await exists(template)) throw error;
  }
  return template;
}

/** A fresh data folder whose embedded database is migrated, with secrets, so that a service starts on it at once. */
export async function testDataDir(): Promise<
  AsyncDisposable & { path: string }
> {
  const template = await templateFolder();
  const path = await Deno.makeTempDir({ prefix: "parley-test-" });
  await loadSecrets({ dataDir: path, masterKeys: null, jwtKeys: null });
  await copy(template, path);
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

async function copy(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true, mode: 0o700 });
  const entries = await Array.fromAsync(Deno.readDir(from));
  await Promise.all(entries.map(({ name, isDirectory }) => {
    const step = isDirectory ? copy : Deno.copyFile;
    return step(`${from}/${name}`, `${to}/${name}`);
  }));
}

const exists = (path: string) => Deno.stat(path).then(() => true, () => false);
