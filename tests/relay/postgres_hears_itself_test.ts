import assert from "node:assert/strict";
import { openDatabase } from "../../src/db/database.ts";
import { openNotifications } from "../../src/db/notifications.ts";
import { createNotify } from "../../src/db/notify.ts";
import { hearsItself } from "../../src/relay/postgres_hears_itself.ts";
import { needsPgbouncer, startPgbouncer } from "../support/pgbouncer.ts";
import { freePort } from "../support/programs.ts";
import { needsPostgres, startPostgres } from "../support/postgres_server.ts";
import { leaseEmbedded } from "../support/warm_embedded.ts";

/** Listens at one address, notifies at the other. */
async function hears(listening: string, notifying: string, withinMs = 1000) {
  await using database = openDatabase({
    url: notifying,
    connections: 1,
    queryMs: 5000,
  });
  return await hearsItself({
    openEar: (events, signal) =>
      openNotifications({
        url: listening,
        ...events,
        signal,
        heartbeatMs: 10_000,
        answerMs: 2000,
      }),
    notify: createNotify(database),
    withinMs,
  });
}

Deno.test("hearsItself", needsPostgres(), async (t) => {
  await using server = await startPostgres();

  await t.step("over a direct connection it does", async () => {
    assert.equal(await hears(server.url, server.url, 60_000), true);
  });

  await t.step("from another database it does not", async () => {
    const other = new URL(server.url);
    other.pathname = "template1";
    assert.equal(await hears(server.url, other.href), false);
  });

  await t.step({
    name: "a pooler may stand before what notifies, not before what listens",
    ...needsPgbouncer(),
    async fn() {
      await using pooler = await startPgbouncer(server, 4);
      assert.equal(await hears(server.url, pooler.url, 60_000), true);
      assert.equal(await hears(pooler.url, pooler.url), false);
      assert.equal(await hears(pooler.url, server.url), false);
    },
  });
});

Deno.test("hearsItself: on the embedded database it does not", async () => {
  await using embedded = await leaseEmbedded();
  assert.equal(await hears(embedded.url, embedded.url), false);
});

Deno.test("hearsItself: rejects where nobody is there, or answers", async () => {
  const at = (port: number) => `postgres://nobody@127.0.0.1:${port}/nothing`;
  const nowhere = at(freePort());
  await assert.rejects(hears(nowhere, nowhere, 60_000), {
    code: "ECONNREFUSED",
  });
  using mute = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const there = at(mute.addr.port);
  await assert.rejects(hears(there, there, 100), /Cannot connect within 100/);
});
