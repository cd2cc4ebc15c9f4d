/** Promise 1 when the process is asked to stop: all that was acknowledged is stored, in 5 s at most. */
import assert from "node:assert/strict";
import type { SendReply } from "../../src/protocol/frames.ts";
import { opcodes, rawSocket } from "../gateway/raw_socket.ts";
import { freshRead, gapless } from "../support/fresh_read.ts";
import { type Order, order, sendFrame } from "../support/load.ts";
import { groupOf, newPerson, type Person, personOf } from "../support/peer.ts";
import { text } from "../support/say.ts";
import { type Service, serviceData, startService } from "../support/service.ts";

const signals: Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM"];

/** Platforms kill a process this long after they asked it to stop. */
const stopMs = 5000;

/** One after the other over a WebSocket, until the service says that it drains. */
async function talk(person: Person, chatId: string, orders: Order[]) {
  const line = await person.connect();
  let isDraining = false;
  line.onEvent(({ type }) => isDraining ||= type === "server.draining");
  for (let n = 0; !isDraining; n++) {
    const one = order(chatId, `${n} of ${person.username}`);
    orders.push(one);
    const reply = await line.ask(sendFrame(one));
    if (reply.ok) one.acknowledged = reply.data as SendReply;
    else assert.equal(reply.error.code, "unavailable");
  }
  return (await line.closed).code;
}

/** One after the other over HTTP, until the service takes no more. */
async function post(person: Person, chatId: string, orders: Order[]) {
  for (let n = 0;; n++) {
    const one = order(chatId, `${n} of ${person.username}, posted`);
    orders.push(one);
    const { messageId, said } = one;
    const answer = await person.call<SendReply>(
      "POST",
      `/chats/${chatId}/messages`,
      { messageId, content: text(said) },
    ).catch(() => undefined);
    if (answer?.status !== 201) {
      assert.ok(answer === undefined || answer.status === 503);
      return;
    }
    one.acknowledged = answer.body;
  }
}

/** Resolves once so many are acknowledged. */
async function acknowledged(orders: readonly Order[], count: number) {
  while (orders.filter((one) => one.acknowledged).length < count) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function stops(service: Service, signal: Deno.Signal): Promise<void> {
  const since = performance.now();
  service.kill(signal);
  assert.equal(await service.exited, 0);
  const took = Math.round(performance.now() - since);
  assert.ok(took < stopMs, `took ${took} ms`);
}

for (const signal of signals) {
  Deno.test(`${signal} under load stops the service in time, with all acknowledged messages stored`, async () => {
    await using data = await serviceData();
    await using services = new AsyncDisposableStack();
    const service = services.use(await startService(data));
    const { url } = service;
    const people = await Promise.all(
      Array.from({ length: 6 }, () => newPerson(url)),
    );
    const chatId = await groupOf(people[0]!, ...people.slice(1));
    // A client that says hello and never reads or answers anything again.
    using stubborn = await rawSocket(url);
    const { accessToken: token } = people[5]!.session;
    const hello = { type: "hello", id: 1, token };
    await stubborn.send(opcodes.text, JSON.stringify(hello));

    const orders: Order[] = [];
    const talking = people.slice(0, 4).map((person) =>
      talk(person, chatId, orders)
    );
    const posting = people.slice(4).map((person) =>
      post(person, chatId, orders)
    );
    await acknowledged(orders, 100);
    await stops(service, signal);
    assert.deepEqual(await Promise.all(talking), [1012, 1012, 1012, 1012]);
    await Promise.all(posting);
    using _free = Deno.listen({
      hostname: "127.0.0.1",
      port: Number(new URL(url).port),
    });

    const next = services.use(await startService(data));
    const reader = personOf(next.url, people[0]!.session);
    const messages = gapless(await freshRead(reader, chatId));
    const bySeq = new Map(messages.map((message) => [message.seq, message]));
    for (const { messageId, said, acknowledged } of orders) {
      if (!acknowledged) continue;
      const stored = bySeq.get(acknowledged.seq);
      assert.equal(stored?.messageId, messageId);
      assert.deepEqual(stored.content, text(said));
    }
    assert.deepEqual(service.lines.slice(1), []);
  });
}
