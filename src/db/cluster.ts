import { PGlite } from "@electric-sql/pglite";
import { join } from "node:path";
import { DurableFs, durableSettings } from "./durable_fs.ts";

/**
 * Opens the embedded Postgres whose files are in `folder`, and makes them first where there are
 * none. What it has committed is on the disk, where `flush` puts it. The caller sees to it that nobody
 * else opens it.
 */
export async function openCluster(
  folder: string,
  flush?: (fd: number) => void,
): Promise<PGlite> {
  if (!await exists(folder)) await makeCluster(folder);
  return await PGlite.create({
    fs: new DurableFs(folder, flush),
    startParams: [
      ...PGlite.defaultStartParams.filter((param) => param !== "-F"),
      ...Object.entries(durableSettings).flatMap(([name, value]) => [
        "-c",
        `${name}=${value}`,
      ]),
    ],
  });
}

/** All or nothing: a process killed half-way leaves a folder of another name, which is made anew. */
async function makeCluster(folder: string): Promise<void> {
  const unfinished = `${folder}.unfinished`;
  await Deno.remove(unfinished, { recursive: true }).catch(ignoreAbsence);
  const pglite = await PGlite.create({ fs: new DurableFs(unfinished) });
  await pglite.close();
  await flushFolder(unfinished);
  await Deno.rename(unfinished, folder);
}

/** Puts a folder's files on the disk, whoever wrote them. */
async function flushFolder(folder: string): Promise<void> {
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) await flushFolder(path);
    if (!entry.isFile) continue;
    using file = await Deno.open(path, { read: true, write: true });
    await file.syncData();
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, ignoreAbsence) ?? false;
}

function ignoreAbsence(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
