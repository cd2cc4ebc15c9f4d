import assert from "node:assert/strict";
import { fsyncSync } from "node:fs";
import { openCluster } from "../../src/db/cluster.ts";
import { openDatabase } from "../../src/db/database.ts";
import { clusterFolder, openEmbedded } from "../../src/db/embedded.ts";
import { sql } from "../../src/db/sql.ts";
import { Problem } from "../../src/protocol/problem.ts";
import { testDataDir } from "../support/template.ts";
import { TextLineStream } from "../support/text_lines.ts";

const limits = { connections: 4, queryMs: 10_000 };
const onUnix = { ignore: Deno.build.os === "windows" };

/** A process that owns the database in `dataDir`. */
function ownerOf(dataDir: string, ...order: string[]) {
  const script = "tests/support/embedded_process.ts";
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script, dataDir, ...order],
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
}

function linesOf(child: Deno.ChildProcess): ReadableStream<string> {
  return child.stdout
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
}

Deno.test("what was stored is there after the next start", async () => {
  await using folder = await testDataDir();
  for (const n of [1, 2]) {
    await using server = await openEmbedded({ dataDir: folder.path });
    await using db = openDatabase({ url: server.url, ...limits });
    await db.run(
      sql`create table if not exists starts (n integer)`,
      sql`insert into starts values (${n})`,
    );
    const [[row]] = await db.run(sql`select count(*) as n from starts`);
    assert.deepEqual(row as unknown, { n });
  }
});

Deno.test("every commit is flushed to the disk before it is acknowledged", async () => {
  await using folder = await testDataDir();
  let flushes = 0;
  const db = await openCluster(clusterFolder(folder.path), (fd) => {
    flushes++;
    fsyncSync(fd);
  });
  await db.exec("create table rows (n integer)");
  for (let n = 0; n < 10; n++) {
    const before = flushes;
    await db.exec(`insert into rows values (${n})`);
    assert.ok(flushes > before, `row ${n} was not flushed`);
  }
  await db.close();
});

Deno.test("a process killed while it writes loses nothing that it was told is stored", async () => {
  await using folder = await testDataDir();
  for (let round = 0; round < 2; round++) {
    const owner = ownerOf(folder.path, "rows");
    let stored = -1;
    for await (const line of linesOf(owner)) {
      const [event, n] = line.split(" ");
      if (event === "stored") stored = Number(n);
      if (stored === 50) owner.kill("SIGKILL");
    }
    await Promise.all([owner.stderr.cancel(), owner.status]);
    assert.ok(stored >= 50);

    await using server = await openEmbedded({ dataDir: folder.path });
    await using db = openDatabase({ url: server.url, ...limits });
    const [[row]] = await db.run(
      sql<{ n: number }>`select count(distinct n) as n from rows
        where n <= ${stored}`,
    );
    assert.equal(row!.n, stored + 1);
    await db.run(sql`drop table rows`);
  }
});

Deno.test("a first start that was killed half-way is made up for by the next", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "parley-test-" });
  try {
    const owner = ownerOf(dataDir);
    const unfinished = `${clusterFolder(dataDir)}.unfinished`;
    while (!await exists(`${unfinished}/PG_VERSION`)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    owner.kill("SIGKILL");
    await Promise.all([
      owner.stdout.cancel(),
      owner.stderr.cancel(),
      owner.status,
    ]);
    assert.equal(await exists(clusterFolder(dataDir)), false);

    await using server = await openEmbedded({ dataDir });
    await using db = openDatabase({ url: server.url, ...limits });
    await db.run(sql`select 1`);
    assert.equal(await exists(unfinished), false);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("a second process on the same folder is refused, and does no harm", async () => {
  await using folder = await testDataDir();
  await using server = await openEmbedded({ dataDir: folder.path });
  await using db = openDatabase({ url: server.url, ...limits });
  const second = await ownerOf(folder.path).output();
  assert.notEqual(second.code, 0);
  assert.match(
    new TextDecoder().decode(second.stderr),
    /another process is using it.*DATA_DIR/,
  );
  await db.run(sql`select 1`);
});

Deno.test("the server of a process that is just ending is waited for", async () => {
  await using folder = await testDataDir();
  const first = await openEmbedded({ dataDir: folder.path });
  const second = openEmbedded({ dataDir: folder.path });
  await new Promise((resolve) => setTimeout(resolve, 300));
  await first[Symbol.asyncDispose]();
  await (await second)[Symbol.asyncDispose]();
});

Deno.test("opening can be given up", async () => {
  await using folder = await testDataDir();
  await using _first = await openEmbedded({ dataDir: folder.path });
  const signal = AbortSignal.timeout(100);
  await assert.rejects(
    openEmbedded({ dataDir: folder.path, signal }),
    (error) => error === signal.reason,
  );
});

Deno.test("only this user can reach the database", onUnix, async () => {
  await using folder = await testDataDir();
  await using _server = await openEmbedded({ dataDir: folder.path });
  const { mode } = await Deno.stat(`${folder.path}/database`);
  assert.equal(mode! & 0o777, 0o700);
});

Deno.test("a path too long for a socket is no obstacle", onUnix, async () => {
  await using folder = await testDataDir();
  const deep = `${folder.path}/${"long/".repeat(30)}data`;
  await Deno.mkdir(deep, { recursive: true });
  await Deno.rename(`${folder.path}/database`, `${deep}/database`);
  let socket: string;
  {
    await using server = await openEmbedded({ dataDir: deep });
    await using db = openDatabase({ url: server.url, ...limits });
    await db.run(sql`select 1`);
    socket = decodeURIComponent(new URL(server.url).hostname);
    assert.equal((await Deno.stat(socket)).mode! & 0o777, 0o700);
  }
  assert.equal(await exists(socket), false);
});

Deno.test("a long query leaves the event loop free", async () => {
  await using folder = await testDataDir();
  await using server = await openEmbedded({ dataDir: folder.path });
  await using db = openDatabase({ url: server.url, ...limits });
  let longest = 0;
  let last = performance.now();
  const beat = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 10);
  const since = performance.now();
  await db.run(
    sql`select count(*) from generate_series(1, 3000000) as n where n % 7 = 0`,
  );
  clearInterval(beat);
  const took = performance.now() - since;
  assert.ok(longest < took / 2, `${longest} ms of ${took} ms were blocked`);
});

Deno.test("a client that goes away in the middle of a transaction holds nobody up", async () => {
  await using folder = await testDataDir();
  await using server = await openEmbedded({ dataDir: folder.path });
  await using db = openDatabase({ url: server.url, ...limits });
  await db.run(sql`create table rows (n integer)`);
  const gone = openDatabase({ url: server.url, ...limits });
  const inserted = Promise.withResolvers<void>();
  const transaction = gone.transaction(async (tx) => {
    await tx.run(sql`insert into rows values (1)`);
    inserted.resolve();
    await new Promise(() => {});
  });
  transaction.catch(() => {});
  await inserted.promise;
  await gone[Symbol.asyncDispose]();
  const [[row]] = await db.run(sql`select count(*) as n from rows`);
  assert.deepEqual(row as unknown, { n: 0 });
});

Deno.test("a query without an answer is refused in time", async () => {
  await using folder = await testDataDir();
  await using server = await openEmbedded({ dataDir: folder.path });
  await using db = openDatabase({
    url: server.url,
    connections: 4,
    queryMs: 200,
  });
  await assert.rejects(
    db.run(sql`select pg_sleep(1)`),
    (error) => error instanceof Problem && error.code === "unavailable",
  );
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await db.run(sql`select 1`);
});

Deno.test("a server that crashes ends its process with the reason", async () => {
  await using folder = await testDataDir();
  const owner = ownerOf(folder.path);
  const lines = linesOf(owner).getReader();
  const { value: ready } = await lines.read();
  await using db = openDatabase({
    url: ready!.split(" ")[1]!,
    connections: 1,
    queryMs: 300,
  });
  // Postgres panics when it cannot write down how far it has come.
  await Deno.remove(`${clusterFolder(folder.path)}/global/pg_control`);
  await assert.rejects(db.run(sql`checkpoint`));
  const [{ code }, said] = await Promise.all([
    owner.status,
    new Response(owner.stderr).text(),
    lines.cancel(),
  ]);
  assert.notEqual(code, 0);
  assert.match(said, /The embedded database has stopped/);
});

const exists = (path: string) => Deno.stat(path).then(() => true, () => false);
