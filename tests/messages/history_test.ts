import assert from "node:assert/strict";
import fc from "fast-check";
import { History, Message } from "../../src/protocol/messages.ts";
import { accepted, refused } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import { fits } from "../support/fits.ts";
import {
  directChat,
  groupOf,
  newPerson,
  type Person,
} from "../support/peer.ts";
import { at, history, read, said, send, sendAll } from "./talk.ts";

Deno.test("history", async (t) => {
  await using service = await testApp();
  const [ann, bob] = await Promise.all(
    ["a", "b"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person];

  await t.step("of a new chat is empty", async () => {
    const chatId = await directChat(ann, bob);
    assert.deepEqual(await history(ann, chatId), {
      items: [],
      hasBefore: false,
      hasAfter: false,
    });
    assert.deepEqual((await history(ann, chatId, "?around=5")).items, []);
  });

  const chatId = await directChat(ann, bob);
  const texts = Array.from({ length: 12 }, (_, i) => `${i + 1}`);
  const sent = await sendAll(ann, chatId, ...texts);
  // Bob hides three, one of them the last.
  const hidden = [3, 4, 12];
  for (const seq of hidden) {
    accepted(await bob.call("DELETE", at(sent[seq - 1]!, "?for=me")));
  }
  accepted(await ann.call("DELETE", at(sent[5]!)));

  await t.step(
    "is the latest page, ascending, as each reader sees it",
    async () => {
      const page = fits(History, await history(bob, chatId));
      assert.deepEqual(page.items.map(({ seq }) => seq), [
        1,
        2,
        5,
        6,
        7,
        8,
        9,
        10,
        11,
      ]);
      assert.deepEqual(page.items[3]!.content, null, "deleted for everyone");
      const whole = fits(History, await history(ann, chatId));
      assert.deepEqual(whole.items.map(({ seq }) => seq), texts.map(Number));
      assert.deepEqual(
        whole.items.filter(({ seq }) => seq !== 6).map(({ content }) =>
          content
        ),
        texts.filter((text) => text !== "6").map(said),
      );
    },
  );

  await t.step("every page is what the whole has there", async () => {
    const everything = texts.map(Number);
    const side = fc.constantFrom("before", "after", "around", "latest");
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        side,
        fc.integer({ min: 0, max: 15 }),
        fc.integer({ min: 1, max: 14 }),
        async (isBob, side, seq, limit) => {
          const seen = isBob
            ? everything.filter((each) => !hidden.includes(each))
            : everything;
          const query = side === "latest" ? "" : `&${side}=${seq}`;
          const page = await history(
            isBob ? bob : ann,
            chatId,
            `?limit=${limit}${query}`,
          );
          const [from, to] = {
            latest: [seen.length - limit, seen.length],
            before: [count(seen, seq) - limit, count(seen, seq)],
            after: [count(seen, seq + 1), count(seen, seq + 1) + limit],
            around: [
              count(seen, seq) - Math.floor(limit / 2),
              count(seen, seq) + Math.ceil(limit / 2),
            ],
          }[side] as [number, number];
          assert.deepEqual(
            {
              seqs: page.items.map((message) => message.seq),
              hasBefore: page.hasBefore,
              hasAfter: page.hasAfter,
            },
            {
              seqs: seen.slice(Math.max(0, from), to),
              hasBefore: from > 0,
              hasAfter: to < seen.length,
            },
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  await t.step(
    "walked either way is the whole, each message once",
    async () => {
      for (const limit of [1, 2, 5]) {
        const back: number[] = [];
        for (let before = "", more = true; more;) {
          const page = await history(bob, chatId, `?limit=${limit}${before}`);
          back.unshift(...page.items.map(({ seq }) => seq));
          more = page.hasBefore;
          before = `&before=${page.items[0]!.seq}`;
        }
        const on: number[] = [];
        for (let after = 0, more = true; more;) {
          const page = await history(
            bob,
            chatId,
            `?limit=${limit}&after=${after}`,
          );
          on.push(...page.items.map(({ seq }) => seq));
          more = page.hasAfter;
          after = page.items.at(-1)!.seq;
        }
        assert.deepEqual([back, on], [[1, 2, 5, 6, 7, 8, 9, 10, 11], back]);
      }
    },
  );

  for (
    const query of [
      "?limit=0",
      "?limit=101",
      "?limit=x",
      "?before=-1",
      "?after=1.5",
      "?around=x",
      `?before=${2 ** 53}`,
      "?before=1&after=1",
      "?before=1&around=1",
      "?before=1&after=1&around=1",
    ]
  ) {
    await t.step(`refuses ${query}`, async () => {
      refused(
        await ann.call("GET", `/chats/${chatId}/messages${query}`),
        "invalid_input",
      );
    });
  }

  await t.step(
    "takes the largest numbers, and unknown parameters",
    async () => {
      const last = Number.MAX_SAFE_INTEGER;
      assert.equal(
        (await history(ann, chatId, `?before=${last}`)).items.length,
        12,
      );
      assert.equal(
        (await history(ann, chatId, `?after=${last}`)).items.length,
        0,
      );
      assert.equal(
        (await history(ann, chatId, `?around=${last}`)).items.length,
        12,
      );
      assert.equal((await history(ann, chatId, "?utm=1")).items.length, 12);
    },
  );

  await t.step(
    "one message is read by its members alone, in its own chat",
    async () => {
      const message = fits(Message, await read(bob, sent[0]!));
      assert.deepEqual(message.content, said("1"));
      const other = await send(bob, await groupOf(bob, ann));
      refused(
        await bob.call("GET", `/chats/${chatId}/messages/${other.messageId}`),
        "not_found",
      );
      refused(await bob.call("GET", at(sent[2]!)), "not_found");
      accepted(await ann.call("GET", at(sent[2]!)));
      refused(
        await bob.call("GET", `/chats/${chatId}/messages/x`),
        "invalid_input",
      );
    },
  );
  assert.deepEqual(service.complaints, []);
});

/** How many come before `seq`. */
const count = (seqs: readonly number[], seq: number) =>
  seqs.filter((each) => each < seq).length;
