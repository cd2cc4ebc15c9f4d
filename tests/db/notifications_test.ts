import assert from "node:assert/strict";
import { openDatabase } from "../../src/db/database.ts";
import {
  type NotificationsOptions,
  openNotifications,
} from "../../src/db/notifications.ts";
import { createNotify, maxPayloadBytes } from "../../src/db/notify.ts";
import { sql } from "../../src/db/sql.ts";
import { freePort } from "../support/programs.ts";
import { needsRealPostgres, realPostgres } from "../support/real_postgres.ts";
import { startTcpProxy } from "../support/tcp_proxy.ts";

type Heard = [channel: string, payload: string];

/** An open connection that listens, and what it hears. */
async function openEar(
  url: string,
  options: Partial<NotificationsOptions> = {},
) {
  const heard: Heard[] = [];
  const lost = Promise.withResolvers<unknown>();
  let onHeard = () => {};
  const notifications = await openNotifications({
    url,
    onNotification(channel, payload) {
      heard.push([channel, payload]);
      onHeard();
    },
    onLost: lost.resolve,
    heartbeatMs: 60_000,
    answerMs: 10_000,
    ...options,
  });
  return {
    ...notifications,
    heard,
    lost: lost.promise,
    async hears(count: number): Promise<Heard[]> {
      while (heard.length < count) {
        await new Promise<void>((resolve) => onHeard = resolve);
      }
      return heard;
    },
    [Symbol.asyncDispose]: () => notifications.end(),
  };
}

Deno.test("notifications", needsRealPostgres(), async (t) => {
  await using server = await realPostgres();
  await using database = openDatabase({
    url: server.url,
    connections: 2,
    queryMs: 10_000,
  });
  const notify = createNotify(database);

  await t.step("arrive in order, as they are", async () => {
    await using ear = await openEar(server.url);
    await ear.listen(["one", 'the "other"']);
    const sent: Heard[] = [
      ["one", ""],
      ['the "other"', `it's a \\ "payload", {}`],
      ["one", "ünïcödé 👩‍👩‍👧"],
      ["one", "x".repeat(maxPayloadBytes)],
    ];
    await notify(
      sent.map(([channel, payload]) => ({ channel, payload })),
    );
    assert.deepEqual(await ear.hears(sent.length), sent);
  });

  await t.step("arrive where they are listened to, for so long", async () => {
    await using ear = await openEar(server.url);
    await using other = await openEar(server.url);
    await ear.listen(["one", "two"]);
    await other.listen(["two", "three"]);
    await ear.unlisten(["two"]);
    await ear.listen([]);
    for (const channel of ["three", "two", "one"]) {
      await notify([{ channel, payload: "" }]);
    }
    assert.deepEqual(await ear.hears(1), [["one", ""]]);
    assert.deepEqual(await other.hears(2), [["three", ""], ["two", ""]]);
  });

  await t.step("go together or not at all", async () => {
    await using ear = await openEar(server.url);
    await ear.listen(["one"]);
    await assert.rejects(
      notify([
        { channel: "one", payload: "fits" },
        { channel: "one", payload: "x".repeat(maxPayloadBytes + 1) },
      ]),
      /payload string too long/,
    );
    await notify([]);
    await notify([{ channel: "one", payload: "after" }]);
    assert.deepEqual(await ear.hears(1), [["one", "after"]]);
  });

  await t.step("a session that is ended is told as lost, once", async () => {
    let losses = 0;
    const lost = Promise.withResolvers<void>();
    const ear = await openEar(server.url, {
      onLost() {
        losses++;
        lost.resolve();
      },
    });
    await ear.listen(["to be ended"]);
    await database.run(
      sql`select pg_terminate_backend(pid) from pg_stat_activity
        where query like 'listen "to be ended"%'`,
    );
    await lost.promise;
    await assert.rejects(ear.listen(["more"]), /over/);
    await ear.end();
    assert.equal(losses, 1);
  });

  await t.step("one that was ended here is not told as lost", async () => {
    let losses = 0;
    const ear = await openEar(server.url, { onLost: () => void losses++ });
    const asked = assert.rejects(ear.listen(["one"]));
    await ear.end();
    await asked;
    await assert.rejects(ear.listen(["one"]), /over/);
    assert.equal(losses, 0);
  });

  await t.step("heartbeats go unnoticed while they are heard", async () => {
    await using ear = await openEar(server.url, { heartbeatMs: 1 });
    const beats = () =>
      database.run(
        sql<{ query: string }>`select query from pg_stat_activity
          where query like 'select pg_notify(''parley_heartbeat_%'`,
      );
    const numbers = new Set<string>();
    while (numbers.size < 3) {
      for (const { query } of (await beats())[0]) numbers.add(query);
    }
    assert.deepEqual(ear.heard, []);
  });

  const address = new URL(server.url);
  await t.step({
    name: "a network that swallows everything is noticed",
    ignore: address.hostname !== "127.0.0.1",
    async fn() {
      await using proxy = startTcpProxy(Number(address.port || 5432));
      address.port = String(proxy.port);
      const url = address.href;
      const ear = await openEar(url, { heartbeatMs: 50, answerMs: 1000 });
      proxy.swallow();
      assert.match(String(await ear.lost), /No answer within 1000 ms/);
      await assert.rejects(openEar(url, { answerMs: 200 }), /200 ms|TIMEOUT/);
      const signal = AbortSignal.abort(new Error("Given up"));
      await assert.rejects(openEar(url, { signal }), /Given up/);
    },
  });
});

Deno.test("notifications: opening is refused where nobody is there, and can be given up", async () => {
  await assert.rejects(
    openEar(`postgres://nobody@127.0.0.1:${freePort()}/nothing`),
    { code: "ECONNREFUSED" },
  );
  using mute = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const given = new AbortController();
  const opening = openEar(
    `postgres://nobody@127.0.0.1:${mute.addr.port}/nothing`,
    { signal: given.signal },
  );
  given.abort(new Error("Given up"));
  await assert.rejects(opening, /Given up/);
});
