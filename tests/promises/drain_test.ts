/** Promise 1, on the way out: a service told to stop finishes what it has begun, and says good-bye. */
import assert from "node:assert/strict";
import { freshRead, gapless } from "../support/fresh_read.ts";
import { order, sendAll } from "../support/load.ts";
import { directChat, newPerson, personOf } from "../support/peer.ts";
import { serviceData, startService } from "../support/service.ts";

/** What platforms leave between asking and killing, in milliseconds. */
const allowedMs = 5000;

const signals: Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM"];

for (const signal of signals) {
  Deno.test(`${signal} under load: everything acknowledged is stored, everyone is told, in time`, async () => {
    await using data = await serviceData();
    await using services = new AsyncDisposableStack();
    const service = services.use(await startService(data));
    const [ann, bob] = [
      await newPerson(service.url),
      await newPerson(service.url),
    ];
    const chatId = await directChat(ann, bob);
    const [from, to] = [await ann.connect(), await bob.connect()];
    const orders = Array.from({ length: 300 }, (_, i) => order(chatId, `${i}`));

    let toldAt = 0;
    await sendAll(from, orders, () => {
      if (toldAt > 0) return;
      toldAt = performance.now();
      service.kill(signal);
    });
    for (const line of [from, to]) {
      assert.equal((await line.closed).code, 1012);
      const { reconnectInMs } = await line.heard("server.draining");
      assert.ok(reconnectInMs >= 0);
    }
    assert.equal(await service.exited, 0);
    assert.ok(performance.now() - toldAt < allowedMs);

    const next = services.use(await startService(data));
    const stored = gapless(
      await freshRead(personOf(next.url, ann.session), chatId),
    );
    const ids = new Set<string>(stored.map(({ messageId }) => messageId));
    const lost = orders.filter(({ acknowledged, messageId }) =>
      acknowledged && !ids.has(messageId)
    );
    assert.deepEqual(lost, []);
    assert.ok(ids.size > 0);
  });
}
