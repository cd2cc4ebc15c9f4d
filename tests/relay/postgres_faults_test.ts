import assert from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { createPostgresRelay } from "../../src/relay/postgres.ts";
import { needsPostgres, startPostgres } from "../support/postgres_server.ts";
import { startTcpProxy } from "../support/tcp_proxy.ts";
import { listen, news } from "./listener.ts";
import { earAt, envelope, openStage } from "./postgres_stage.ts";

Deno.test("relay postgres: a server that", needsPostgres(), async (t) => {
  await using server = await startPostgres();
  await using stage = await openStage(server.url);
  const failures: unknown[] = [];
  const backoff = { baseMs: 50, capMs: 200 };
  const onFailure = (error: unknown) => failures.push(error);
  const relay = stage.relay({ backoff, onFailure });
  await using first = await listen(relay, 1);
  await using second = await listen(relay, 2);

  /** Publishes once the pool has found the server again. */
  async function publish(shard: number) {
    const sent = news();
    for (;;) {
      try {
        await relay.publish(shard, [sent]);
        return sent;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
  async function goesOn() {
    await Promise.all([first.hearsOfGap(), second.hearsOfGap()]);
    await first.hears(await publish(1));
    await second.hears(await publish(2));
  }

  await t.step(
    "ends the session: a gap for every shard, and it goes on",
    async () => {
      await stage.database.run(
        sql`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'parley' and pid <> pg_backend_pid()`,
      );
      await goesOn();
      assert.ok(failures.length > 0);
    },
  );

  await t.step(
    "stops and starts: a gap for every shard, and it goes on",
    async () => {
      await server.stop();
      await server.start();
      await goesOn();
    },
  );

  await t.step("is killed: a gap for every shard, and it goes on", async () => {
    await server.kill9();
    await server.start();
    await goesOn();
  });

  await t.step(
    "is away: subscribing ends in a gap once it is back",
    async () => {
      await server.stop();
      const late = stage.relay({ backoff, patienceMs: 50, onFailure });
      await using third = await listen(late, 3);
      await using fourth = await listen(relay, 4);
      await server.start();
      await Promise.all([third.hearsOfGap(), fourth.hearsOfGap()]);
      const sent = await publish(3);
      await third.hears(sent);
      await fourth.hears(await publish(4));
      await goesOn();
    },
  );

  await t.step(
    "is cut off silently: that is noticed, and it goes on",
    async () => {
      await using proxy = startTcpProxy(server.port);
      const url = server.url.replace(String(server.port), String(proxy.port));
      const told: Error[] = [];
      const remote = stage.relay({
        openEar: earAt(url, 100, 2000),
        backoff,
        patienceMs: 60_000,
        onFailure: (error) => told.push(error as Error),
      });
      await using listener = await listen(remote, 5);
      proxy.swallow();
      const lost = await publish(5);
      while (told.length === 0) await new Promise((r) => setTimeout(r, 10));
      assert.match(told[0]!.message, /No answer within 2000 ms/);
      proxy.heal();
      await listener.hearsOfGap();
      await listener.hears(await publish(5));
      assert.ok(listener.heard.every(({ id }) => id !== lost.id));
    },
  );
});

Deno.test("relay postgres: closing waits for nobody who does not answer", async () => {
  using mute = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `postgres://nobody@127.0.0.1:${mute.addr.port}/nothing`;
  const openEar = earAt(url, 3_600_000, 3_600_000);
  const opening = Promise.withResolvers<void>();
  const relay = createPostgresRelay({
    openEar(events, signal) {
      opening.resolve();
      return openEar(events, signal);
    },
    notify: () => new Promise(() => {}),
    envelope,
    onFailure: reportError,
    patienceMs: 50,
  });
  await using listener = await listen(relay, 1);
  await opening.promise;
  void relay.publish(1, [news()]);
  await relay[Symbol.asyncDispose]();
  await assert.rejects(relay.publish(1, [news()]), /closed/);
  await assert.rejects(listen(relay, 1), /closed/);
  assert.equal(listener.gaps, 0);
});
