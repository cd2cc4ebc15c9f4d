/** `deno task start` on a real database: several isolates in one process, behind one port. */
import assert from "node:assert/strict";
import { testDatabase, testServer } from "./support/database.ts";
import { groupOf, newPerson, personOf } from "./support/peer.ts";
import { freePort } from "./support/programs.ts";
import { say } from "./support/say.ts";
import { newKeys, startService } from "./support/service.ts";

const needsServer = { ignore: testServer === null };

Deno.test(
  "several isolates serve one port, and stop together",
  needsServer,
  async () => {
    await using db = await testDatabase();
    const env = {
      DATABASE_URL: db.url,
      ...newKeys(),
      DENO_JOBS: "3",
      PORT: String(freePort()),
      LOG_LEVEL: "info",
    };
    await using service = await startService({ env }, {}, ["src/start.ts"]);
    // Killed outright, it would leave its child behind.
    using _ = { [Symbol.dispose]: () => service.kill("SIGTERM") };
    const ann = await newPerson(service.url);
    const bob = await newPerson(service.url);
    const chatId = await groupOf(ann, bob);
    // Which isolate takes which connection is the system's choice: with so many, each has some.
    const lines = await Promise.all(
      Array.from(
        { length: 24 },
        (_, i) => personOf(service.url, (i % 2 ? ann : bob).session).connect(),
      ),
    );
    const { rev } = await say(lines[0]!, chatId, "To all isolates");
    await Promise.all(lines.map((line) =>
      line.heard(
        "message.created",
        (event) => event.chatId === chatId && event.rev === rev,
      )
    ));

    const since = performance.now();
    service.kill("SIGTERM");
    assert.equal(await service.exited, 0);
    assert.ok(performance.now() - since < 5000);
    for (
      const { code } of await Promise.all(lines.map((line) => line.closed))
    ) {
      assert.equal(code, 1012);
    }
    const drained = service.lines.filter((line) => line.includes('"stopped"'));
    assert.equal(drained.length, 3, service.lines.join("\n"));
  },
);

Deno.test(
  "a fault in the configuration is told once, for all isolates",
  needsServer,
  async () => {
    const started = startService(
      { env: { DATABASE_URL: "postgres://127.0.0.1/none", DENO_JOBS: "3" } },
      {},
      ["src/start.ts"],
    );
    const said = await started.then(() => "", (error: Error) => error.message);
    assert.match(said, /ended with 1/);
    assert.equal(said.match(/MASTER_KEYS must be set/g)?.length, 1, said);
  },
);
