import assert from "node:assert/strict";
import { limits } from "../../src/protocol/limits.ts";
import { accepted, refused } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import { directChat, newPerson, type Person } from "../support/peer.ts";
import { asked, at, newId, read, said, send } from "./talk.ts";

/** Text that something on the way might change, cut or stumble over. */
const kept: Record<string, string> = {
  "white space alone": " \t\r\n",
  "line ends of every kind": "a\nb\rc\r\nd\u2028e\u2029f\u0085g",
  "control characters": "\u0001\u0007\u001b[31m\u007f\u009f",
  "quotes and backslashes": `'"\\\\'' $$ \\' E'\\x' \\u0000`,
  "what looks like SQL": `'); drop table messages; --`,
  "what looks like an array, a NULL, JSON": `{NULL,"a"} NULL {"type":"x"}`,
  "what looks like a number or a date": "1e400 0x1F -0 2020-01-01",
  "composed and decomposed letters": "é é Å Å ﬁ İ ß",
  "letters from right to left": "שלום \u202eabc\u202c عالم",
  "a byte order mark and non-characters": "\ufeffa\uffff\ufdd0",
  "emoji of many parts": "👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿👍🏽🇩🇪1️⃣",
  "letters beyond the first plane": "𝒳𐍈𠜎",
  "no more than a character": "\u200b",
};

/** What no text may hold: it cannot be stored, or would come back as something else. */
const refusedTexts: Record<string, string> = {
  "nothing": "",
  "U+0000": "a\0b",
  "a lone high surrogate": "a\ud83d",
  "a lone low surrogate": "\udc4d",
  "surrogates in the wrong order": "\udc4d\ud83d",
  "more than the limit": "x".repeat(limits.textLength + 1),
};

Deno.test("text", async (t) => {
  await using service = await testApp();
  const [ann, bob] = await Promise.all(
    ["a", "b"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person];
  const chatId = await directChat(ann, bob);
  const path = `/chats/${chatId}/messages`;
  await using line = await ann.connect();
  await using bobs = await bob.connect();

  for (const [what, text] of Object.entries(kept)) {
    await t.step(`keeps ${what} over both doors, live and stored`, async () => {
      const posted = await send(ann, chatId, text);
      const { messageId } = await asked(line, {
        type: "send",
        chatId,
        messageId: newId(),
        content: said(text),
      });
      const messages = [posted, { ...posted, messageId }];
      for (const message of messages) {
        const event = await bobs.heard(
          "message.created",
          (event) => event.message.messageId === message.messageId,
        );
        assert.deepEqual(event.message.content, said(text));
        assert.deepEqual((await read(bob, message)).content, said(text));
      }
      const edited = accepted(
        await ann.call<{ content: unknown }>("PATCH", at(messages[1]!), {
          content: said(text + "!"),
        }),
      );
      assert.deepEqual(edited.content, said(text + "!"));
    });
  }

  await t.step("of the greatest length, over both doors", async () => {
    for (
      const text of [
        "x".repeat(limits.textLength),
        "😀".repeat(limits.textLength / 2),
        "語".repeat(limits.textLength),
      ]
    ) {
      const posted = await send(ann, chatId, text);
      assert.deepEqual((await read(bob, posted)).content, said(text));
      const messageId = newId();
      await asked(line, {
        type: "send",
        chatId,
        messageId,
        content: said(text),
      });
      const { message } = await bobs.heard(
        "message.created",
        ({ message }) => message.messageId === messageId,
      );
      assert.deepEqual(message.content, said(text));
    }
  });

  const before = await send(ann, chatId);
  for (const [what, text] of Object.entries(refusedTexts)) {
    await t.step(`refuses ${what}`, async () => {
      const answer = await ann.call<{ errors: { path: string }[] }>(
        "POST",
        path,
        {
          content: said(text),
        },
      );
      refused(answer, "invalid_input");
      assert.deepEqual(answer.body.errors.map((each) => each.path), [
        "content.text",
      ]);
      refused(
        await ann.call("PATCH", at(before), { content: said(text) }),
        "invalid_input",
      );
      // Over the socket the frame does not fit its schema, which ends the connection.
      await using own = await ann.connect();
      const reply = await own.ask({
        type: "send",
        chatId,
        messageId: newId(),
        content: said(text),
      });
      assert.ok(!reply.ok && reply.error.code === "invalid_input");
      assert.equal((await own.closed).code, 4400);
    });
  }

  for (
    const [what, body] of [
      ["no content", {}],
      ["content of an unknown type", { content: { type: "poem", text: "x" } }],
      ["a type that is the server's", {
        content: { type: "system", text: "x" },
      }],
      ["text that is a number", { content: { type: "text", text: 1 } }],
      ["an unknown field", { content: said("x"), colour: "red" }],
      ["an unknown field in the content", {
        content: { ...said("x"), colour: "red" },
      }],
      ["a messageId that is none", { content: said("x"), messageId: "1" }],
      ["a replyTo that is none", { content: said("x"), replyTo: 1 }],
      ["a sender of its own choice", {
        content: said("x"),
        senderId: bob.userId,
      }],
      ["a seq of its own choice", { content: said("x"), seq: 1 }],
    ] as const
  ) {
    await t.step(`refuses ${what}`, async () => {
      refused(await ann.call("POST", path, body), "invalid_input");
    });
  }

  await t.step("refuses a body that is not UTF-8", async () => {
    const body = new Uint8Array([
      ...new TextEncoder().encode(`{"content":{"type":"text","text":"`),
      0xc3,
      0x28,
      ...new TextEncoder().encode(`"}}`),
    ]);
    const response = await fetch(`${service.url}/api/v1${path}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${ann.session.accessToken}`,
        "content-type": "application/json",
      },
      body,
    });
    assert.equal(response.status, 400);
    assert.equal((await response.json()).code, "invalid_input");
  });

  await t.step("what was refused left no trace", async () => {
    const after = await send(ann, chatId);
    assert.deepEqual([after.seq, after.rev], [before.seq + 1, before.rev + 1]);
    assert.deepEqual((await read(ann, before)).content, said("Hello"));
  });
  assert.deepEqual(service.complaints, []);
});
