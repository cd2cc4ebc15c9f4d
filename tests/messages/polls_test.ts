import assert from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { Event, type EventOf } from "../../src/protocol/events.ts";
import type { ChatId } from "../../src/protocol/ids.ts";
import { limits } from "../../src/protocol/limits.ts";
import { type Message, SentMessage } from "../../src/protocol/messages.ts";
import type { List } from "../../src/protocol/page.ts";
import { type PollContent, Vote } from "../../src/protocol/polls.ts";
import type { Sync } from "../../src/protocol/sync.ts";
import { createClient } from "../../src/client/mod.ts";
import { accepted, refused } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import { fits } from "../support/fits.ts";
import { groupOf, newPerson, password, type Person } from "../support/peer.ts";
import { asked, at, heardOf, read, said, send, type Sent } from "./talk.ts";

const poll = (more: Partial<PollContent> = {}): PollContent => ({
  type: "poll",
  question: "When do we meet?",
  options: ["Monday", "Tuesday", "Never"],
  anonymous: false,
  multiple: false,
  ...more,
});
const ask = (by: Person, chatId: ChatId, content: unknown) =>
  by.call<Sent>("POST", `/chats/${chatId}/messages`, { content });
const vote = (by: Person, message: Message, ...options: number[]) =>
  by.call<{ rev: number }>("PUT", at(message, "/vote"), { options });
const takeBack = (by: Person, message: Message) =>
  by.call<{ rev: number }>("DELETE", at(message, "/vote"));
const standing = async (by: Person, message: Message) =>
  (await read(by, message)).poll!;

Deno.test("polls", async (t) => {
  let ahead = 0;
  await using service = await testApp({}, { clock: () => Date.now() + ahead });
  const db = service.db.database;
  const [ann, bob, cleo, dan] = await Promise.all(
    ["a", "b", "c", "d"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person, Person, Person];
  const chatId = await groupOf(ann, bob, cleo);
  const made = async (more: Partial<PollContent> = {}) =>
    fits(SentMessage, accepted(await ask(ann, chatId, poll(more))));

  await t.step("begin with nothing, and count each person once", async () => {
    const message = await made();
    assert.deepEqual(message.poll, {
      counts: [0, 0, 0],
      voters: 0,
      closedAt: null,
      mine: [],
    });
    accepted(await vote(bob, message, 1));
    accepted(await vote(cleo, message, 1));
    const { rev } = accepted(await vote(cleo, message, 0));
    assert.equal(
      accepted(await vote(cleo, message, 0)).rev,
      rev,
      "again changes nothing",
    );
    const tally = { counts: [1, 1, 0], voters: 2, closedAt: null };
    assert.deepEqual(await standing(ann, message), { ...tally, mine: [] });
    assert.deepEqual(await standing(bob, message), { ...tally, mine: [1] });
    assert.deepEqual(await standing(cleo, message), { ...tally, mine: [0] });
    accepted(await takeBack(cleo, message));
    const after = accepted(await takeBack(cleo, message));
    assert.equal(after.rev, rev + 1);
    assert.deepEqual(await standing(cleo, message), {
      counts: [0, 1, 0],
      voters: 1,
      closedAt: null,
      mine: [],
    });
  });

  await t.step("take several options where they may", async () => {
    const single = await made();
    refused(await vote(bob, single, 0, 1), "invalid_input");
    const several = await made({ multiple: true });
    accepted(await vote(bob, several, 2, 0));
    accepted(await vote(cleo, several, 0));
    const { counts, voters, mine } = await standing(bob, several);
    assert.deepEqual([counts, voters, mine], [[2, 0, 1], 2, [0, 2]]);
  });

  await t.step(
    "refuse options that they do not have, and count one named twice once",
    async () => {
      const message = await made({ multiple: true });
      for (const options of [[3], [-1], [0.5], []]) {
        refused(await vote(bob, message, ...options), "invalid_input");
      }
      assert.equal((await standing(bob, message)).voters, 0);
      accepted(await vote(bob, message, 1, 1));
      assert.deepEqual((await standing(bob, message)).counts, [0, 1, 0]);
    },
  );

  await t.step("are refused where they are no question", async () => {
    const long = "x".repeat(limits.optionLength + 1);
    const past = new Date(Date.now() - 1000).toISOString();
    for (
      const wrong of [
        { question: " " },
        { question: "x".repeat(limits.questionLength + 1) },
        { options: ["One"] },
        { options: Array(limits.pollOptions + 1).fill("Same") },
        { options: ["One", long] },
        { options: ["One", ""] },
        { closesAt: "soon" },
        { closesAt: past },
        { anonymous: undefined },
      ]
    ) {
      refused(
        await ask(ann, chatId, poll(wrong as Partial<PollContent>)),
        "invalid_input",
      );
    }
  });

  await t.step("open ones say who chose what, page by page", async () => {
    const message = await made();
    await Promise.all([
      vote(ann, message, 0),
      vote(bob, message, 1),
      vote(cleo, message, 1),
    ]);
    accepted(await takeBack(ann, message));
    const page = async (query: string) =>
      accepted(
        await cleo.call<List<Vote>>("GET", at(message, `/votes${query}`)),
      );
    const all = await page("");
    all.items.forEach((item) => fits(Vote, item));
    const voters = [bob.userId, cleo.userId].sort();
    assert.deepEqual(all.items.map(({ userId }) => userId), voters);
    assert.deepEqual((await page("?option=0")).items, []);
    const first = await page("?option=1&limit=1");
    const second = await page(`?option=1&limit=1&cursor=${first.nextCursor}`);
    assert.deepEqual(
      [...first.items, ...second.items].map((
        { userId, options },
      ) => [userId, options]),
      voters.map((userId) => [userId, [1]]),
    );
    assert.equal(second.nextCursor, null);
    refused(
      await cleo.call("GET", at(message, "/votes?option=99")),
      "invalid_input",
    );
    refused(
      await cleo.call("GET", at(message, "/votes?cursor=x")),
      "invalid_input",
    );
    refused(await dan.call("GET", at(message, "/votes")), "not_found");
  });

  await t.step(
    "tell everyone how they stand, and the voter's own devices what she chose",
    async () => {
      await using anns = await ann.connect();
      await using bobs = await bob.connect();
      await using other = await bob.connect();
      const message = await made({ anonymous: false });
      const frame = {
        type: "vote" as const,
        chatId,
        messageId: message.messageId,
      };
      const { rev } = await asked(bobs, { ...frame, options: [2] });
      assert.equal(rev, message.rev + 1);
      await Promise.all(
        [anns, other].map((line) => line.ask({ type: "ping" })),
      );
      const updates = [anns, bobs, other].map((line) =>
        heardOf(line, chatId).filter(({ type }) => type === "message.updated")
          .map((event) => fits(Event, event) as EventOf<"message.updated">)
      );
      for (const [event] of updates) {
        assert.deepEqual([event!.change, event!.userId, event!.rev], [
          "voted",
          bob.userId,
          rev,
        ]);
        assert.deepEqual(event!.message.poll, {
          counts: [0, 0, 1],
          voters: 1,
          closedAt: null,
        });
      }
      const own = await other.heard("poll.voted");
      const { chatId: where, seq, options } = fits(Event, own) as EventOf<
        "poll.voted"
      >;
      assert.deepEqual([where, seq, options], [chatId, message.seq, [2]]);
      assert.deepEqual(
        anns.events.filter(({ type }) => type === "poll.voted"),
        [],
      );
    },
  );

  await t.step(
    "anonymous ones name nobody, in no event, list or answer",
    async () => {
      await using anns = await ann.connect();
      const message = await made({ anonymous: true });
      accepted(await vote(bob, message, 0));
      await anns.heard("message.updated");
      await anns.ask({ type: "ping" });
      const seen = JSON.stringify([anns.events, await read(ann, message)]);
      assert.ok(seen.includes('"counts":[1,0,0]'));
      assert.ok(!seen.includes(bob.userId), seen);
      refused(await ann.call("GET", at(message, "/votes")), "forbidden");
      assert.deepEqual((await standing(bob, message)).mine, [0]);
    },
  );

  await t.step(
    "what was chosen is in the sync of those who were away",
    async () => {
      const first = accepted(await cleo.call<Sync>("GET", "/sync"));
      const message = await made({ anonymous: true });
      accepted(await vote(cleo, message, 1));
      const news = accepted(
        await cleo.call<Sync>(
          "GET",
          `/sync?cursor=${encodeURIComponent(first.cursor)}`,
        ),
      );
      assert.deepEqual(news.votes, [{
        chatId,
        seq: message.seq,
        options: [1],
      }]);
    },
  );

  await t.step("many at once are counted once each", async () => {
    const message = await made();
    const people = [ann, bob, cleo];
    await Promise.all(
      people.flatMap((by) =>
        [0, 1, 2, 0, 1].map((option) => vote(by, message, option))
      ),
    );
    const { counts, voters } = await standing(ann, message);
    assert.equal(voters, 3);
    assert.equal(counts.reduce((sum, count) => sum + count), 3);
    const mine = await Promise.all(
      people.map(async (by) => (await standing(by, message)).mine),
    );
    for (const [option, count] of counts.entries()) {
      assert.equal(mine.filter(([one]) => one === option).length, count);
    }
  });

  await t.step("are closed by their author, for good", async () => {
    const message = await made();
    accepted(await vote(bob, message, 0));
    refused(await bob.call("POST", at(message, "/close")), "forbidden");
    refused(await dan.call("POST", at(message, "/close")), "not_found");
    await using line = await ann.connect();
    const { rev } = await asked(line, {
      type: "closePoll",
      chatId,
      messageId: message.messageId,
    });
    const event = await line.heard("message.updated");
    assert.deepEqual([event.change, event.rev], ["closed", rev]);
    assert.ok((await standing(bob, message)).closedAt);
    refused(await vote(cleo, message, 1), "conflict");
    refused(await takeBack(bob, message), "conflict");
    assert.equal(
      accepted(await ann.call<{ rev: number }>("POST", at(message, "/close")))
        .rev,
      rev,
    );
  });

  await t.step(
    "are closed when their time has come, by the service's clock",
    async () => {
      const closesAt = new Date(Date.now() + 60_000).toISOString();
      const message = await made({ closesAt });
      accepted(await vote(bob, message, 0));
      ahead = 60_000;
      refused(await vote(bob, message, 1), "conflict");
      assert.equal((await standing(bob, message)).closedAt, null);
      ahead = 0;
    },
  );

  await t.step("stay as they are, and nothing else becomes one", async () => {
    const message = await made();
    const text = await send(ann, chatId);
    const edit = (target: Message, content: unknown) =>
      ann.call("PATCH", at(target), { content });
    refused(await edit(message, poll({ question: "Really?" })), "conflict");
    refused(await edit(message, said("No poll")), "conflict");
    refused(await edit(text, poll()), "conflict");
    refused(await vote(bob, text, 0), "conflict");
  });

  await t.step("passed on, they begin anew", async () => {
    const message = await made();
    accepted(await vote(bob, message, 0));
    const there = await groupOf(bob, dan);
    const passed = accepted(
      await bob.call<Sent>("POST", `/chats/${there}/messages`, {
        forward: { chatId, messageId: message.messageId },
      }),
    );
    assert.deepEqual(passed.content, message.content);
    assert.deepEqual(passed.poll!.counts, [0, 0, 0]);
    accepted(await vote(dan, passed, 2));
    assert.deepEqual((await standing(bob, message)).counts, [1, 0, 0]);
  });

  await t.step(
    "deleted, they take their votes along, also in one batch",
    async () => {
      const message = await made();
      accepted(await vote(bob, message, 0));
      await using line = await ann.connect();
      const frame = { chatId, messageId: message.messageId };
      await Promise.all([
        asked(line, { type: "vote", ...frame, options: [1] }),
        asked(line, { type: "delete", ...frame }),
      ]);
      const [rows] = await db.run(
        sql`select 1 from poll_votes where chat_id = ${chatId}::uuid and seq = ${message.seq}`,
      );
      assert.equal(rows.length, 0);
      assert.equal((await read(bob, message)).poll, null);
      refused(await vote(bob, message, 0), "conflict");
    },
  );

  await t.step("at rest say neither question nor options", async () => {
    const message = await made({
      question: "Is it 4711?",
      options: ["Yes, 4711", "No"],
    });
    const [[row]] = await db.run(
      sql<
        { row: string; sealed: Uint8Array }
      >`select m::text as row, sealed from messages m
        where chat_id = ${chatId}::uuid and seq = ${message.seq}`,
    );
    assert.ok(!row!.row.includes("4711"));
    assert.ok(!new TextDecoder().decode(row!.sealed).includes("4711"));
  });

  await t.step(
    "the client shows on each device what was chosen on the other",
    async () => {
      const devices = [1, 2].map(() => createClient({ url: service.url }));
      try {
        for (const client of devices) {
          await client.login({ login: bob.username, password });
          await client.connect();
          await client.open(chatId);
        }
        const [one, other] = devices as [typeof devices[0], typeof devices[0]];
        const mine = (client: typeof one, seq: number) =>
          client!.chatState(chatId)!.messages.find((each) => each.seq === seq)
            ?.poll;
        const { messageId, seq } = await one!.send(
          chatId,
          poll({ anonymous: true }),
        );
        const shows = (client: typeof one, option: number) =>
          new Promise<void>((resolve) => {
            const look = () => {
              const now = mine(client, seq);
              if (
                now?.mine[0] === option && now.counts[option] === 1
              ) resolve();
            };
            client!.on("change", look);
            look();
          });
        for (const option of [1, 2]) {
          const told = Promise.all([shows(one, option), shows(other, option)]);
          await one!.messages.vote(chatId, messageId, [option]);
          await told;
        }
        await one!.messages.closePoll(chatId, messageId);
      } finally {
        await Promise.all(
          devices.map((client) => client[Symbol.asyncDispose]()),
        );
      }
    },
  );
  assert.deepEqual(service.complaints, []);
});
