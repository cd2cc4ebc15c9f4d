/** Promise 3: all members see one order per chat, `seq` without holes, on every isolate. */
import assert from "node:assert/strict";
import type { Event } from "../../src/protocol/events.ts";
import type { RevReply } from "../../src/protocol/frames.ts";
import { testApp } from "../support/app.ts";
import { testDatabase } from "../support/database.ts";
import { freshRead, gapless } from "../support/fresh_read.ts";
import {
  groupOf,
  type Line,
  newPerson,
  type Person,
  personOf,
} from "../support/peer.ts";
import { reached, revIn } from "../support/reached.ts";
import { granted, say, text } from "../support/say.ts";
import { newKeys, startService } from "../support/service.ts";

/** Says, edits and reacts, many at once. Resolves with its message ids in order, and all revs taken. */
async function talk(line: Line, chatId: string, name: string) {
  const messageIds = Array.from({ length: 30 }, () => crypto.randomUUID());
  const revs = await Promise.all(messageIds.map(async (messageId, i) => {
    const { rev } = await say(line, chatId, `${i} of ${name}`, messageId);
    const frames = [
      { type: "edit", content: text(`${i} of ${name}, edited`) },
      { type: "react", emoji: "👍" },
    ];
    const changed = await Promise.all(
      frames.map((frame) =>
        granted<RevReply>(line.ask({ ...frame, chatId, messageId }))
      ),
    );
    return [rev, ...changed.map((reply) => reply.rev)];
  }));
  return { messageIds, revs: revs.flat() };
}

type Talk = Awaited<ReturnType<typeof talk>>;

/** Fails unless every rev after `start` was handed out once; resolves with the last. */
function lastRev(talks: readonly Talk[], start: number): number {
  const revs = talks.flatMap((one) => one.revs).sort((a, b) => a - b);
  assert.deepEqual(revs, revs.map((_, i) => start + 1 + i));
  return revs.at(-1)!;
}

/** Fails unless the chat holds all that was said, each connection's in the order it was said. */
function holdsInOrder(said: readonly string[], talks: readonly Talk[]): void {
  assert.equal(said.length, talks.length * 30);
  for (const { messageIds } of talks) {
    const own = new Set<string>(messageIds);
    assert.deepEqual(said.filter((id) => own.has(id)), messageIds);
  }
}

const saidIn = async (reader: Person, chatId: string) =>
  gapless(await freshRead(reader, chatId))
    .filter(({ content }) => content?.type !== "system")
    .map(({ messageId }) => messageId as string);

async function connectAll(
  people: readonly Person[],
  stack: AsyncDisposableStack,
): Promise<Line[]> {
  const lines = await Promise.all(people.map((person) => person.connect()));
  return lines.map((line) => stack.use(line));
}

Deno.test("many connections of many members see one order without gaps", async () => {
  await using service = await testApp();
  await using stack = new AsyncDisposableStack();
  const people = await Promise.all(
    Array.from({ length: 5 }, () => newPerson(service.url)),
  );
  const chatId = await groupOf(people[0]!, ...people.slice(1));
  const lines = await connectAll([...people, ...people], stack);
  const start = lines[0]!.welcome.chats[0]!.rev;

  const talks = await Promise.all(
    lines.map((line, i) => talk(line, chatId, String(i))),
  );
  const last = lastRev(talks, start);
  await Promise.all(lines.map((line) => reached(line, chatId, last)));

  const changes = ({ events }: Line) =>
    events.filter((event: Event) => revIn(chatId, event) !== undefined);
  const [heard, ...others] = lines.map(changes);
  assert.deepEqual(
    heard!.map((event) => revIn(chatId, event)),
    heard!.map((_, i) => start + 1 + i),
  );
  for (const other of others) assert.deepEqual(other, heard);
  const created = heard!.filter((event) => event.type === "message.created");
  assert.deepEqual(
    created.map(({ message }) => message.seq),
    created.map((_, i) => i + 2),
  );
  const said = created.map(({ message }) => message.messageId as string);
  holdsInOrder(said, talks);
  assert.deepEqual(await saidIn(people[1]!, chatId), said);
});

Deno.test("two processes hand out one order without gaps", async () => {
  await using db = await testDatabase();
  const env = { DATABASE_URL: db.url, ...newKeys(), SWEEP_MS: "200" };
  await using one = await startService({ env });
  await using two = await startService({ env });
  await using stack = new AsyncDisposableStack();
  const here = await Promise.all(
    Array.from({ length: 3 }, () => newPerson(one.url)),
  );
  const chatId = await groupOf(here[0]!, ...here.slice(1));
  const there = here.map(({ session }) => personOf(two.url, session));
  const lines = await connectAll([...here, ...there], stack);

  const talks = await Promise.all(
    lines.map((line, i) => talk(line, chatId, String(i))),
  );
  const last = lastRev(talks, lines[0]!.welcome.chats[0]!.rev);
  const [pictureHere, pictureThere] = await Promise.all(
    [here[0]!, there[0]!].map((reader) => freshRead(reader, chatId)),
  );
  assert.equal(pictureHere!.rev, last);
  assert.deepEqual(pictureHere, pictureThere);
  holdsInOrder(await saidIn(there[1]!, chatId), talks);
  await Promise.all(lines.map((line) => reached(line, chatId, last)));
});
