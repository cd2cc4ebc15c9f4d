import assert from "node:assert/strict";
import { Event, type EventOf } from "../../src/protocol/events.ts";
import { RevReply } from "../../src/protocol/frames.ts";
import { limits } from "../../src/protocol/limits.ts";
import { Message, type Reaction } from "../../src/protocol/messages.ts";
import { accepted, refused } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import { fits } from "../support/fits.ts";
import { groupOf, newPerson, type Person } from "../support/peer.ts";
import { asked, at, heardOf, read, send } from "./talk.ts";

const path = (message: Message, emoji: string) =>
  at(message, `/reactions/${encodeURIComponent(emoji)}`);
const react = async (by: Person, message: Message, emoji: string) =>
  fits(RevReply, accepted(await by.call<RevReply>("PUT", path(message, emoji))))
    .rev;
const takeBack = async (by: Person, message: Message, emoji: string) =>
  fits(
    RevReply,
    accepted(await by.call<RevReply>("DELETE", path(message, emoji))),
  ).rev;
const reactionsOf = async (by: Person, message: Message): Promise<Reaction[]> =>
  fits(Message, await read(by, message)).reactions;

/** Twenty different emoji and one more. */
const many = Array.from(
  { length: limits.reactionsPerMessage + 1 },
  (_, i) => String.fromCodePoint(0x1f600 + i),
);

Deno.test("react", async (t) => {
  await using service = await testApp();
  const [ann, bob, cleo] = await Promise.all(
    ["a", "b", "c"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person, Person];
  const chatId = await groupOf(ann, bob, cleo);

  await t.step("everyone sees how many, and which are one's own", async () => {
    const message = await send(ann, chatId);
    await react(ann, message, "👍");
    await react(bob, message, "👍");
    await react(bob, message, "🎉");
    assert.deepEqual(await reactionsOf(ann, message), [
      { emoji: "👍", count: 2, mine: true },
      { emoji: "🎉", count: 1, mine: false },
    ]);
    assert.deepEqual(
      (await reactionsOf(bob, message)).map(({ mine }) => mine),
      [true, true],
    );
    assert.deepEqual(
      (await reactionsOf(cleo, message)).map(({ mine }) => mine),
      [false, false],
    );
    await takeBack(ann, message, "👍");
    assert.deepEqual(await reactionsOf(ann, message), [
      { emoji: "👍", count: 1, mine: false },
      { emoji: "🎉", count: 1, mine: false },
    ]);
    await takeBack(bob, message, "👍");
    assert.deepEqual(
      (await reactionsOf(bob, message)).map(({ emoji }) => emoji),
      ["🎉"],
    );
    await react(cleo, message, "👍");
    assert.deepEqual(
      (await reactionsOf(bob, message)).map(({ emoji }) => emoji),
      ["🎉", "👍"],
      "in the order of first use",
    );
  });

  await t.step(
    "is told to all, without saying whose it is to each",
    async () => {
      const message = await send(ann, chatId);
      await using line = await cleo.connect();
      const came = await react(bob, message, "👍");
      const went = await takeBack(bob, message, "👍");
      await line.ask({ type: "ping" });
      const events = heardOf(line, chatId).map((event) =>
        fits(Event, event) as EventOf<"message.updated">
      );
      assert.deepEqual(
        events.map(({ change, emoji, userId, rev, message }) => [
          change,
          emoji,
          userId,
          rev,
          message.reactions,
        ]),
        [
          ["reacted", "👍", bob.userId, came, [{ emoji: "👍", count: 1 }]],
          ["unreacted", "👍", bob.userId, went, []],
        ],
      );
      assert.deepEqual([came, went], [message.rev + 1, message.rev + 2]);
    },
  );

  await t.step(
    "again changes nothing, nor does taking back what is not there",
    async () => {
      const message = await send(ann, chatId);
      const rev = await react(bob, message, "👍");
      assert.equal(await react(bob, message, "👍"), rev);
      assert.equal(await takeBack(bob, message, "🎉"), rev);
      assert.equal(
        await takeBack(ann, message, "👍"),
        rev,
        "another's reaction stays",
      );
      assert.deepEqual(await reactionsOf(bob, message), [
        { emoji: "👍", count: 1, mine: true },
      ]);
    },
  );

  await t.step("by many at once counts each once", async () => {
    const message = await send(ann, chatId);
    await using lines = await openLines(ann, bob, cleo);
    const frame = {
      type: "react" as const,
      chatId,
      messageId: message.messageId,
      emoji: "👍",
    };
    await Promise.all(
      [...lines.all, ...lines.all, ...lines.all].map((line) =>
        asked(line, frame)
      ),
    );
    assert.deepEqual(await reactionsOf(ann, message), [
      { emoji: "👍", count: 3, mine: true },
    ]);
    await Promise.all(
      [...lines.all, ...lines.all].map((line) =>
        asked(line, { ...frame, active: false })
      ),
    );
    assert.deepEqual(await reactionsOf(ann, message), []);
    assert.equal((await read(ann, message)).rev, message.rev + 6);
  });

  await t.step("to and fro at once ends as the last one says", async () => {
    const message = await send(ann, chatId);
    await using line = await bob.connect();
    const frame = {
      type: "react" as const,
      chatId,
      messageId: message.messageId,
      emoji: "👍",
    };
    await Promise.all(
      Array.from(
        { length: 9 },
        (_, i) => asked(line, { ...frame, active: i % 2 === 0 }),
      ),
    );
    assert.deepEqual(await reactionsOf(bob, message), [
      { emoji: "👍", count: 1, mine: true },
    ]);
  });

  await t.step("knows the emoji of every kind, over both doors", async () => {
    const message = await send(ann, chatId);
    const kinds = {
      "of several people": "👩‍👩‍👧‍👦",
      "with a skin tone": "👍🏽",
      "of two skin tones": "👩🏻‍❤️‍💋‍👨🏿",
      "a flag of letters": "🇩🇪",
      "a flag of tags": "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
      "a flag with a rainbow": "🏳️‍🌈",
      "a keycap": "#️⃣",
      "a digit's keycap": "1️⃣",
      "a heart": "❤️",
      "a person with a profession": "👨🏾‍🚀",
    };
    await using line = await bob.connect();
    for (const emoji of Object.values(kinds)) {
      await react(ann, message, emoji);
      await asked(line, {
        type: "react",
        chatId,
        messageId: message.messageId,
        emoji,
      });
    }
    assert.deepEqual(
      await reactionsOf(bob, message),
      Object.values(kinds).map((emoji) => ({ emoji, count: 2, mine: true })),
    );
    for (const emoji of Object.values(kinds)) {
      await takeBack(ann, message, emoji);
      await takeBack(bob, message, emoji);
    }
    assert.deepEqual(await reactionsOf(bob, message), []);
  });

  await t.step("skin tones are emoji of their own", async () => {
    const message = await send(ann, chatId);
    await react(ann, message, "👍");
    await react(ann, message, "👍🏽");
    assert.deepEqual(
      (await reactionsOf(ann, message)).map(({ emoji }) => emoji),
      ["👍", "👍🏽"],
    );
  });

  for (
    const emoji of [
      "a",
      "1",
      "#",
      " ",
      "👍👍",
      "👍 ",
      "❤",
      ":+1:",
      "🇩",
      "x👍",
      "\0",
      "‍",
    ]
  ) {
    await t.step(`refuses ${JSON.stringify(emoji)}`, async () => {
      const message = await send(ann, chatId);
      refused(await ann.call("PUT", path(message, emoji)), "invalid_input");
    });
  }

  await t.step("refuses what is not even percent-encoded text", async () => {
    const message = await send(ann, chatId);
    for (const raw of ["%FF", "%", "%F0%9F%91"]) {
      const answer = await ann.call("PUT", at(message, `/reactions/${raw}`));
      assert.equal(answer.status, 400, raw);
    }
  });

  await t.step("has a limit of different emoji, not of people", async () => {
    const message = await send(ann, chatId);
    for (const emoji of many.slice(0, -1)) await react(ann, message, emoji);
    refused(await ann.call("PUT", path(message, many.at(-1)!)), "conflict");
    refused(await bob.call("PUT", path(message, many.at(-1)!)), "conflict");
    await react(bob, message, many[0]!);
    assert.equal(
      (await reactionsOf(bob, message)).length,
      limits.reactionsPerMessage,
    );
    await takeBack(ann, message, many[1]!);
    await react(bob, message, many.at(-1)!);
    assert.equal((await reactionsOf(bob, message)).at(-1)!.emoji, many.at(-1));
  });

  await t.step("at the limit, the last place is given once", async () => {
    const message = await send(ann, chatId);
    for (const emoji of many.slice(0, -2)) await react(ann, message, emoji);
    const answers = await Promise.all([
      ann.call("PUT", path(message, many.at(-1)!)),
      bob.call("PUT", path(message, many.at(-2)!)),
    ]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
  });

  await t.step(
    "stays after its author has left, and no longer moves",
    async () => {
      const message = await send(ann, chatId);
      await react(cleo, message, "👍");
      accepted(await cleo.call("DELETE", `/chats/${chatId}/members/me`));
      refused(await cleo.call("DELETE", path(message, "👍")), "not_found");
      assert.equal((await reactionsOf(ann, message))[0]!.count, 1);
    },
  );
  assert.deepEqual(service.complaints, []);
});

async function openLines(...people: Person[]) {
  const all = await Promise.all(people.map((person) => person.connect()));
  return {
    all,
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map((line) => line[Symbol.asyncDispose]()));
    },
  };
}
