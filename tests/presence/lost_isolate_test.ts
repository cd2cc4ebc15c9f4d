import assert from "node:assert/strict";
import { openDatabase } from "../../src/db/database.ts";
import { migrate } from "../../src/db/migrate.ts";
import type { UserId } from "../../src/protocol/ids.ts";
import { testDatabase, testServer } from "../support/database.ts";
import { needsPostgres, startPostgres } from "../support/postgres_server.ts";
import { TextLineStream } from "../support/text_lines.ts";
import {
  age,
  databaseNow,
  newUser,
  type PresenceEvent,
  testPresence,
  type TestWatcher,
  watcher,
} from "./watchers.ts";

const [leaseMs, renewMs] = [3000, 500];

/** A process of its own with people on it, killed when it is disposed. */
async function processWith(url: string, ...userIds: UserId[]) {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-check", "tests/presence/presence_process.ts"],
      ...[url, String(leaseMs), String(renewMs), ...userIds],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  for await (const line of lines) if (line === "here") break;
  return {
    kill: (signal: Deno.Signal) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // The test has killed it.
      }
      await child.status;
    },
  };
}

/** Resolves with the first event that it heard after so many others. */
async function heard(
  { heard }: TestWatcher,
  after: number,
): Promise<PresenceEvent> {
  while (heard.length <= after) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return heard[after]!;
}

Deno.test("presence when a process is lost", {
  // The embedded database belongs to one process.
  ignore: testServer === null,
}, async (t) => {
  await using test = await testDatabase();
  const { database: db, url } = test;
  await using heir = testPresence(db, { leaseMs, renewMs });
  const bob = newUser();
  heir.arrive(watcher(bob));

  await t.step("killed: its people go when the lease has run out", async () => {
    const ann = newUser();
    await using lost = await processWith(url, ann.userId);
    const tablet = watcher(ann);
    const [presence] = await heir.watch(tablet, [ann.userId]);
    assert.equal(presence!.online, true);
    const before = await databaseNow(db);
    // Its coming was long ago; only its renewals tell that she was there.
    await age(db, 3_600_000);
    lost.kill("SIGKILL");
    const after = await databaseNow(db);
    const { online, lastSeenAt } = await heard(tablet, 0);
    assert.equal(online, false);
    const seenAt = Date.parse(lastSeenAt!);
    assert.ok(before - leaseMs <= seenAt && seenAt <= after);
  });

  await t.step("paused: they are back when it goes on", async () => {
    const ann = newUser();
    await using paused = await processWith(url, ann.userId);
    const tablet = watcher(ann);
    await heir.watch(tablet, [ann.userId]);
    paused.kill("SIGSTOP");
    assert.equal((await heard(tablet, 0)).online, false);
    paused.kill("SIGCONT");
    // It cannot ring this isolate: here it is heard of when somebody looks.
    while (!(await heir.read(ann.userId, ann.userId)).online) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  assert.deepEqual(heir.failures, []);
});

Deno.test(
  "presence after a crash of Postgres is what it was",
  needsPostgres(),
  async () => {
    await using server = await startPostgres();
    await migrate(server.url);
    await using db = openDatabase({
      url: server.url,
      connections: 4,
      queryMs: 10_000,
    });
    const ann = newUser();
    await using presence = testPresence(db);
    const tablet = watcher(ann);
    await presence.watch(tablet, [ann.userId]);
    presence.arrive(watcher(ann));
    await presence.settled();
    await server.kill9();
    await server.start();
    const isOnline = async () =>
      (await presence.read(ann.userId, ann.userId)).online;
    // A connection that was lost is noticed when it is used.
    const emptied = await isOnline().catch(isOnline);
    assert.equal(emptied, false, "unlogged tables are empty after a crash");
    await presence.renew();
    await presence.settled();
    assert.equal(await isOnline(), true);
    assert.deepEqual(tablet.heard.map(({ online }) => online), [true]);
  },
);
