import assert from "node:assert/strict";
import { openNotifications } from "../../src/db/notifications.ts";
import type { OpenEar } from "../../src/relay/postgres_port.ts";
import { needsRealPostgres, realPostgres } from "../support/real_postgres.ts";
import { relaySteps } from "./conformance.ts";
import { listen, news, testEnvelope } from "./listener.ts";
import { earAt, openStage } from "./postgres_stage.ts";

Deno.test("relay postgres", needsRealPostgres(), async (t) => {
  await using server = await realPostgres();

  await relaySteps(t, async () => {
    const stage = await openStage(server.url);
    const ears = breakableEars(earAt(server.url));
    return {
      here: stage.relay(),
      there: stage.relay({ openEar: ears.open, onFailure: () => {} }),
      async interrupt() {
        await ears.cut();
        return () => Promise.resolve(ears.heal());
      },
      [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
    };
  });

  await t.step("what is published together goes together", async () => {
    await using stage = await openStage(server.url);
    const sizes: number[] = [];
    const relay = stage.relay({
      notify: (notifications) => {
        sizes.push(notifications.length);
        return stage.notify(notifications);
      },
    });
    await using listener = await listen(relay, 1);
    const sent = Array.from({ length: 20 }, () => news());
    await Promise.all(sent.map((each) => relay.publish(1, [each])));
    await listener.hears(...sent);
    // The first goes at once, the others while it is on its way.
    assert.equal(sizes.length, 2);
    assert.deepEqual(listener.heard, sent);
  });

  await t.step(
    "a large batch arrives whole, in payloads that fit",
    async () => {
      await using stage = await openStage(server.url);
      const lengths: number[] = [];
      const relay = stage.relay({
        notify: (notifications) => {
          lengths.push(...notifications.map(({ payload }) => payload.length));
          return stage.notify(notifications);
        },
      });
      await using listener = await listen(relay, 1);
      const sent = Array.from({ length: 2000 }, () => news("x".repeat(500)));
      await relay.publish(1, sent);
      await listener.hears(...sent);
      assert.deepEqual(listener.heard, sent);
      assert.ok(lengths.every((length) => length <= 7999));
    },
  );

  await t.step("an event too large for a payload is left out", async () => {
    await using stage = await openStage(server.url);
    const relay = stage.relay();
    await using listener = await listen(relay, 1);
    const sent = [news("x".repeat(5000)), news("x".repeat(9000)), news()];
    await relay.publish(1, sent);
    await listener.hears(...sent);
    const { event: _event, ...rest } = sent[1]!;
    assert.deepEqual(listener.heard, [sent[0], rest, sent[2]]);
  });

  await t.step("nothing readable is notified", async () => {
    await using stage = await openStage(server.url);
    const payloads: string[] = [];
    const heard = Promise.withResolvers<void>();
    const stranger = await openNotifications({
      url: server.url,
      onNotification(channel, payload) {
        assert.equal(channel, "parley_1");
        payloads.push(payload);
        heard.resolve();
      },
      onLost: reportError,
      heartbeatMs: 10_000,
      answerMs: 5000,
    });
    await stranger.listen(["parley_1"]);
    const sent = news("the eagle has landed");
    await stage.relay().publish(1, [sent]);
    await heard.promise;
    await stranger.end();
    assert.match(payloads[0]!, /^[\x21-\x2b\x2d-\x7e]+$/);
    for (const secret of ["eagle", sent.scopeId, "chat.updated"]) {
      assert.ok(!payloads[0]!.includes(secret));
    }
  });

  await t.step(
    "what does not open is a gap, and the rest goes on",
    async () => {
      await using stage = await openStage(server.url);
      const failures: unknown[] = [];
      const relay = stage.relay({ onFailure: (error) => failures.push(error) });
      await using listener = await listen(relay, 1);
      await stage.relay({ envelope: testEnvelope() }).publish(1, [news()]);
      await listener.hearsOfGap();
      assert.equal(failures.length, 1);
      const sent = news();
      await relay.publish(1, [sent]);
      await listener.hears(sent);
      assert.equal(listener.gaps, 1);
    },
  );

  await t.step("a publication that is not taken is refused", async () => {
    await using stage = await openStage(server.url);
    const away = new Error("The pool is away");
    let isAway = true;
    const relay = stage.relay({
      notify: (each) => isAway ? Promise.reject(away) : stage.notify(each),
    });
    await using listener = await listen(relay, 1);
    await assert.rejects(relay.publish(1, [news()]), away);
    isAway = false;
    const sent = news();
    await relay.publish(1, [sent]);
    await listener.hears(sent);
    assert.deepEqual(listener.heard, [sent]);
  });

  await t.step("a shard is listened to while it has subscribers", async () => {
    await using stage = await openStage(server.url);
    const arrived: string[] = [];
    const openEar: OpenEar = (events, signal) =>
      earAt(server.url)({
        ...events,
        onNotification(channel, payload) {
          arrived.push(channel);
          events.onNotification(channel, payload);
        },
      }, signal);
    const relay = stage.relay({ openEar });
    const publishers = stage.relay();
    await using fence = await listen(relay, 2);
    /** The channels of what arrived: the fence is notified last, and over the same connection. */
    const channels = async () => {
      // It answers in order: whatever was asked of it before is done.
      await using _ = await listen(relay, 3);
      arrived.length = 0;
      await publishers.publish(1, [news()]);
      const last = news();
      await publishers.publish(2, [last]);
      await fence.hears(last);
      return [...arrived];
    };
    const first = await listen(relay, 1);
    const second = await listen(relay, 1);
    assert.deepEqual(await channels(), ["parley_1", "parley_2"]);
    await first[Symbol.asyncDispose]();
    assert.deepEqual(await channels(), ["parley_1", "parley_2"]);
    await second[Symbol.asyncDispose]();
    assert.deepEqual(await channels(), ["parley_2"]);
    await using _third = await listen(relay, 1);
    assert.deepEqual(await channels(), ["parley_1", "parley_2"]);
  });

  await t.step(
    "leaving and coming back in haste ends in being there",
    async () => {
      await using stage = await openStage(server.url);
      const relay = stage.relay();
      await using _kept = await listen(relay, 2);
      const coming = Array.from({ length: 20 }, async () => {
        const listener = await listen(relay, 1);
        await listener[Symbol.asyncDispose]();
      });
      await using last = await listen(relay, 1);
      await Promise.all(coming);
      for (let i = 0; i < 50; i++) {
        const sent = news();
        await using listener = await listen(relay, 3);
        await relay.publish(3, [sent]);
        await listener.hears(sent);
      }
      const sent = news();
      await relay.publish(1, [sent]);
      await last.hears(sent);
      assert.equal(last.gaps, 0);
    },
  );
});

/** Ears that lose their connection when told so, and open no other until they are healed. */
function breakableEars(openEar: OpenEar) {
  const cuts = new Set<() => Promise<void>>();
  let isCut = false;
  const open: OpenEar = async (events, signal) => {
    if (isCut) throw new Error("Postgres is away");
    const ear = await openEar(events, signal);
    cuts.add(async () => {
      await ear.end();
      events.onLost(new Error("The connection was cut"));
    });
    return ear;
  };
  return {
    open,
    async cut() {
      isCut = true;
      await Promise.all([...cuts].map((cut) => cut()));
      cuts.clear();
    },
    heal: () => void (isCut = false),
  };
}
