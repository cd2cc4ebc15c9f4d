import { Connection } from "../../src/db/connection.ts";
import { type EmbeddedServer, openEmbedded } from "../../src/db/embedded.ts";
import { migrate } from "../../src/db/migrate.ts";
import { testDataDir } from "./template.ts";

/** Embedded servers of this test file that nobody uses now: starting one takes longer than most tests. */
const idle: EmbeddedServer[] = [];
const folders: string[] = [];

/** An embedded server with the newest schema and nothing in it, for one test at a time. */
export async function leaseEmbedded(): Promise<
  AsyncDisposable & { readonly url: string }
> {
  const warm = idle.pop();
  if (warm) await empty(warm.url);
  const server = warm ?? await start();
  return {
    url: server.url,
    [Symbol.asyncDispose]: () => Promise.resolve(void idle.push(server)),
  };
}

async function start(): Promise<EmbeddedServer> {
  const folder = await testDataDir();
  folders.push(folder.path);
  return await openEmbedded({ dataDir: folder.path });
}

/** All clients share the embedded server's one session, so its settings are part of what a test leaves. */
async function empty(url: string): Promise<void> {
  const connection = new Connection(url, 10_000);
  try {
    await connection.query("drop schema public cascade; create schema public");
    await connection.query("discard all");
  } finally {
    await connection.end(0);
  }
  await migrate(url);
}

// The servers end with the test file's isolate; a test cannot know that it is the last one.
globalThis.addEventListener("unload", () => {
  for (const folder of folders) Deno.removeSync(folder, { recursive: true });
});
