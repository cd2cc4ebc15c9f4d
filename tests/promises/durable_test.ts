/** Promise 1: after an `ok`, killing any process loses nothing. */
import assert from "node:assert/strict";
import { migrate } from "../../src/db/migrate.ts";
import type { SendReply } from "../../src/protocol/frames.ts";
import { freshRead, gapless } from "../support/fresh_read.ts";
import { type Order, order, sendAll, sendFrame } from "../support/load.ts";
import { groupOf, newPerson, type Person, personOf } from "../support/peer.ts";
import { needsPostgres, startPostgres } from "../support/postgres_server.ts";
import { text } from "../support/say.ts";
import { newKeys, serviceData, startService } from "../support/service.ts";

/** Fails unless the chat holds exactly these orders, each once and where it was acknowledged. */
async function holdsExactly(
  reader: Person,
  chatId: string,
  orders: readonly Order[],
): Promise<void> {
  const messages = gapless(await freshRead(reader, chatId));
  const byId = new Map<string, typeof messages[number]>(
    messages.map((message) => [message.messageId, message]),
  );
  // And that the group was made.
  assert.equal(messages.length, orders.length + 1);
  assert.equal(byId.size, messages.length, "no id stands twice");
  for (const { messageId, said, acknowledged } of orders) {
    const { content, seq, rev, createdAt } = byId.get(messageId)!;
    assert.deepEqual(content, text(said));
    const { duplicate: _, ...place } = acknowledged!;
    assert.deepEqual({ messageId, seq, rev, createdAt }, place);
  }
}

Deno.test("kill -9 of the service amid 2,000 concurrent sends loses nothing acknowledged", async () => {
  await using data = await serviceData();
  await using services = new AsyncDisposableStack();
  let service = services.use(await startService(data));
  const people = await Promise.all(
    Array.from({ length: 8 }, () => newPerson(service.url)),
  );
  const groups = await Promise.all(
    people.slice(0, 4).map((owner) =>
      groupOf(owner, ...people.filter((person) => person !== owner))
    ),
  );
  const orders = people.map((_, sender) =>
    Array.from(
      { length: 250 },
      (_, i) => order(groups[i % 4]!, `${i} of ${sender}`),
    )
  );
  const all = orders.flat();
  const count = () => all.filter((one) => one.acknowledged).length;

  // Each time all that was not acknowledged is sent again, with the same ids.
  for (const killAt of [400, 1000, Infinity]) {
    // On a busy machine everything may be answered before a kill takes effect.
    if (count() === all.length) break;
    const sending = people.map(async ({ session }, sender) => {
      await using line = await personOf(service.url, session).connect();
      const open = orders[sender]!.filter((one) => !one.acknowledged);
      await sendAll(line, open, () => {
        if (count() >= killAt) service.kill("SIGKILL");
      });
    });
    await Promise.all(sending);
    if (killAt === Infinity) break;
    await service.exited;
    assert.ok(count() >= killAt, `${count()} sent`);
    service = services.use(await startService(data));
  }

  assert.equal(count(), 2000);
  const reader = personOf(service.url, people[0]!.session);
  for (const chatId of groups) {
    const ofChat = all.filter((one) => one.chatId === chatId);
    await holdsExactly(reader, chatId, ofChat);
  }
});

Deno.test(
  "kill -9 of Postgres under load loses nothing acknowledged, and the service recovers",
  needsPostgres(),
  async () => {
    await using server = await startPostgres();
    await migrate(server.url);
    await using service = await startService({
      env: { DATABASE_URL: server.url, ...newKeys() },
    });
    const people = await Promise.all(
      Array.from({ length: 6 }, () => newPerson(service.url)),
    );
    const chatId = await groupOf(people[0]!, ...people.slice(1));
    const orders: Order[] = [];
    const refusals = new Set<string>();
    const refused = Promise.withResolvers<void>();
    let onAcknowledged = () => {};
    let isOver = false;

    /** Says one thing after the other, each until it is acknowledged. */
    async function talk(person: Person, name: number) {
      await using line = await person.connect();
      for (let n = 0; !isOver; n++) {
        const one = order(chatId, `${n} of ${name}`);
        orders.push(one);
        while (!one.acknowledged) {
          const reply = await line.ask(sendFrame(one));
          if (reply.ok) one.acknowledged = reply.data as SendReply;
          else {
            refusals.add(reply.error.code);
            refused.resolve();
            await new Promise((resolve) => setTimeout(resolve, 50));
          }
        }
        onAcknowledged();
      }
    }

    function moreAcknowledged(count: number): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      onAcknowledged = () => void (--count === 0 && resolve());
      return promise;
    }

    const talking = Promise.all(people.map((person, i) => talk(person, i)));
    const or = <T>(step: Promise<T>) => Promise.race([step, talking]);
    await or(moreAcknowledged(500));
    await server.kill9();
    await or(refused.promise);
    assert.equal((await people[0]!.call("GET", "/chats")).status, 503);
    const health = async (
      path: string,
    ) => (await (await fetch(`${service.url}/health/${path}`)).json());
    assert.equal((await health("live")).status, "ok");
    assert.equal((await health("ready")).code, "unavailable");

    await server.start();
    await or(moreAcknowledged(500));
    isOver = true;
    await talking;
    assert.deepEqual([...refusals], ["unavailable"]);
    await holdsExactly(people[0]!, chatId, orders);
  },
);
