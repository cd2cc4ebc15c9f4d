/** Promise 2: a send repeated with the same `messageId` yields one message, wherever and whenever. */
import assert from "node:assert/strict";
import type { SendReply } from "../../src/protocol/frames.ts";
import type { Session } from "../../src/protocol/accounts.ts";
import type { Message } from "../../src/protocol/messages.ts";
import { testApp } from "../support/app.ts";
import { testDatabase } from "../support/database.ts";
import { freshRead, gapless } from "../support/fresh_read.ts";
import {
  type Answer,
  call,
  directChat,
  newPerson,
  password,
  type Person,
  personOf,
} from "../support/peer.ts";
import { reached } from "../support/reached.ts";
import { refusal, say, text } from "../support/say.ts";
import { newKeys, serviceData, startService } from "../support/service.ts";

const ids = (count: number): string[] =>
  Array.from({ length: count }, () => crypto.randomUUID());

/** The same person on another device. */
async function anotherDevice({ url, username }: Person): Promise<Person> {
  const body = { login: username, password };
  const { body: session } = await call<Session>(url, "POST", "/auth/login", {
    body,
  });
  return personOf(url, session);
}

type Sent = Pick<SendReply, "seq" | "rev" | "createdAt"> & {
  readonly duplicate?: boolean | undefined;
};

/** What two senders of each id were answered; the one said "first", the other "second". */
type Pair = readonly [messageId: string, first: Sent, second: Sent];

/** Fails unless the chat holds each id once, as the sender that was not the duplicate said it. */
async function holdsEachOnce(
  reader: Person,
  chatId: string,
  pairs: readonly Pair[],
): Promise<void> {
  const messages = gapless(await freshRead(reader, chatId));
  const byId = new Map<string, Message>(
    messages.map((message) => [message.messageId, message]),
  );
  assert.equal(messages.length, pairs.length);
  for (const [messageId, first, second] of pairs) {
    const { seq, rev, createdAt, content } = byId.get(messageId)!;
    for (const sent of [first, second]) {
      assert.deepEqual([sent.seq, sent.rev], [seq, rev]);
      assert.equal(sent.createdAt, createdAt);
    }
    const winners = [first, second].filter((sent) => !sent.duplicate);
    assert.equal(winners.length, 1);
    const said = winners[0] === first ? "first" : "second";
    assert.deepEqual(content, text(said));
  }
}

async function post(person: Person, chatId: string, messageId: string) {
  const path = `/chats/${chatId}/messages`;
  const body = { messageId, content: text("second") };
  const answer: Answer<Message & { duplicate?: boolean }> = await person
    .call("POST", path, body);
  assert.equal(answer.status, answer.body.duplicate ? 200 : 201);
  return answer.body;
}

Deno.test("a message sent at once from two devices is one message", async () => {
  await using service = await testApp();
  const ann = await newPerson(service.url);
  const bob = await newPerson(service.url);
  const chatId = await directChat(ann, bob);
  await using phone = await ann.connect();
  await using laptop = await (await anotherDevice(ann)).connect();
  await using bobs = await bob.connect();

  const pairs = await Promise.all(
    ids(100).map(async (id, i): Promise<Pair> => {
      // Which of the two comes first changes from one id to the next.
      const [early, late] = i % 2 ? [phone, laptop] : [laptop, phone];
      const sent = await Promise.all([
        say(early, chatId, early === phone ? "first" : "second", id),
        say(late, chatId, late === phone ? "first" : "second", id),
      ]);
      return early === phone ? [id, ...sent] : [id, sent[1], sent[0]];
    }),
  );
  await holdsEachOnce(ann, chatId, pairs);
  await reached(bobs, chatId, Math.max(...pairs.map(([, { rev }]) => rev)));
  const heard = bobs.events.filter(({ type }) => type === "message.created");
  assert.equal(heard.length, 100);
});

Deno.test("a message sent at once over WebSocket and HTTP is one message", async () => {
  await using service = await testApp();
  const ann = await newPerson(service.url);
  const chatId = await directChat(ann, await newPerson(service.url));
  await using line = await ann.connect();
  const pairs = await Promise.all(
    ids(40).map(async (id): Promise<Pair> => [
      id,
      ...await Promise.all([
        say(line, chatId, "first", id),
        post(ann, chatId, id),
      ]),
    ]),
  );
  await holdsEachOnce(ann, chatId, pairs);
});

Deno.test("a message whose sender lost the connection before the reply is one message", async () => {
  await using service = await testApp();
  const ann = await newPerson(service.url);
  const chatId = await directChat(ann, await newPerson(service.url));
  await using steady = await ann.connect();
  const sent: SendReply[] = [];
  for (const id of ids(20)) {
    const line = await ann.connect();
    const lost = refusal(
      line.ask({
        type: "send",
        chatId,
        messageId: id,
        content: text("first"),
      }),
    ).catch(() => "closed");
    line.close();
    sent.push(await say(steady, chatId, "first", id));
    await lost;
  }
  const messages = gapless(await freshRead(ann, chatId));
  assert.deepEqual(
    messages.map(({ messageId }) => messageId),
    sent.map(({ messageId }) => messageId),
  );
});

Deno.test("a message sent at once through two processes is one message", async (t) => {
  await using db = await testDatabase();
  const env = { DATABASE_URL: db.url, ...newKeys() };
  await using one = await startService({ env });
  await using two = await startService({ env });
  const ann = await newPerson(one.url);
  const bob = await newPerson(one.url);
  const cid = await newPerson(one.url);
  const chatId = await directChat(ann, bob);
  await using here = await ann.connect();
  await using there = await personOf(two.url, ann.session).connect();

  await t.step("in one chat", async () => {
    const pairs = await Promise.all(
      ids(60).map(async (id): Promise<Pair> => [
        id,
        ...await Promise.all([
          say(here, chatId, "first", id),
          say(there, chatId, "second", id),
        ]),
      ]),
    );
    await holdsEachOnce(ann, chatId, pairs);
  });

  await t.step("in two chats, of which one has it", async () => {
    const [a, b] = [await directChat(ann, cid), await directChat(bob, cid)];
    await using bobs = await personOf(two.url, bob.session).connect();
    const outcomes = await Promise.all(
      ids(30).map((id) =>
        Promise.allSettled([
          say(here, a, "first", id),
          say(bobs, b, "second", id),
        ])
      ),
    );
    for (const outcome of outcomes) {
      const lost = outcome.filter(({ status }) => status === "rejected");
      assert.equal(lost.length, 1);
      const { reason } = lost[0] as PromiseRejectedResult;
      assert.equal(JSON.parse(reason.message).code, "id_taken");
    }
    const stored = await Promise.all([freshRead(ann, a), freshRead(bob, b)]);
    assert.equal(stored.flatMap((picture) => gapless(picture)).length, 30);
  });
});

Deno.test("a message sent again after a crash is one message, as it was said first", async () => {
  await using data = await serviceData();
  await using services = new AsyncDisposableStack();
  const before = services.use(await startService(data));
  const ann = await newPerson(before.url);
  const chatId = await directChat(ann, await newPerson(before.url));
  const sent: SendReply[] = [];
  {
    await using line = await ann.connect();
    for (const id of ids(10)) sent.push(await say(line, chatId, "first", id));
    before.kill("SIGKILL");
    await before.exited;
  }
  const after = services.use(await startService(data));
  const again = personOf(after.url, ann.session);
  await using line = await again.connect();
  for (const first of sent) {
    const repeated = await say(line, chatId, "second", first.messageId);
    assert.deepEqual(repeated, { ...first, duplicate: true });
  }
  const messages = gapless(await freshRead(again, chatId));
  assert.deepEqual(
    messages.map(({ content }) => content),
    sent.map(() => text("first")),
  );
});

Deno.test("an id that another person has used stays that person's", async () => {
  await using service = await testApp();
  const ann = await newPerson(service.url);
  const bob = await newPerson(service.url);
  const chatId = await directChat(ann, bob);
  await using anns = await ann.connect();
  await using bobs = await bob.connect();
  const { messageId } = await say(anns, chatId, "first");
  const frame = { type: "send", chatId, messageId, content: text("second") };
  assert.equal(await refusal(bobs.ask(frame)), "id_taken");
  const [message] = gapless(await freshRead(bob, chatId));
  assert.deepEqual(message!.content, text("first"));
});
