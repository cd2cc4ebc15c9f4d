import assert from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { limits } from "../../src/protocol/limits.ts";
import { EarlierContent, type Message } from "../../src/protocol/messages.ts";
import type { List } from "../../src/protocol/page.ts";
import { accepted, refused } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import { fits } from "../support/fits.ts";
import { groupOf, newPerson, type Person } from "../support/peer.ts";
import { asked, at, newId, read, said, send } from "./talk.ts";

const edits = async (by: Person, message: Message, query = "") => {
  const page = accepted(
    await by.call<List<EarlierContent>>("GET", at(message, `/edits${query}`)),
  );
  page.items.forEach((item) => fits(EarlierContent, item));
  return page;
};
const earlier = async (by: Person, message: Message) =>
  (await edits(by, message)).items.map(({ content }) =>
    content?.type === "text" ? content.text : content
  );
const edit = async (by: Person, message: Message, text: string) =>
  accepted(
    await by.call<Message>("PATCH", at(message), { content: said(text) }),
  );

Deno.test("earlier contents", async (t) => {
  await using service = await testApp();
  const [ann, bob, cleo] = await Promise.all(
    ["a", "b", "c"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person, Person];
  const chatId = await groupOf(ann, bob);
  const stored = async ({ seq }: Pick<Message, "seq">) => {
    const [rows] = await service.db.database.run(
      sql<{ sealed: Uint8Array }>`select sealed from message_edits
        where chat_id = ${chatId}::uuid and seq = ${seq}`,
    );
    return rows;
  };

  await t.step("a message that was never edited has none", async () => {
    assert.deepEqual(await edits(bob, await send(ann, chatId)), {
      items: [],
      nextCursor: null,
    });
  });

  await t.step(
    "the latest comes first, each with the time that it was written",
    async () => {
      const message = await send(ann, chatId, "one");
      const second = await edit(ann, message, "two");
      await ann.call("PUT", at(message, "/pin"));
      await edit(ann, message, "three");
      const { items } = await edits(bob, message);
      assert.deepEqual(items, [
        { content: said("two"), writtenAt: second.editedAt },
        { content: said("one"), writtenAt: message.createdAt },
      ]);
      const first = await edits(bob, message, "?limit=1");
      assert.deepEqual(first.items, items.slice(0, 1));
      const rest = await edits(
        bob,
        message,
        `?limit=1&cursor=${first.nextCursor}`,
      );
      assert.deepEqual(rest, { items: items.slice(1), nextCursor: null });
      refused(
        await bob.call("GET", at(message, "/edits?cursor=x")),
        "invalid_input",
      );
    },
  );

  await t.step("they are sealed at rest", async () => {
    const secret = "the word is 4711";
    const message = await send(ann, chatId, secret);
    await edit(ann, message, "nothing");
    const [row] = await stored(message);
    assert.ok(!new TextDecoder().decode(row!.sealed).includes("4711"));
    assert.deepEqual(await earlier(bob, message), [secret]);
  });

  await t.step("only so many are kept, the newest", async () => {
    const message = await send(ann, chatId, "0");
    const count = limits.editsKept + 3;
    for (let i = 1; i <= count; i++) await edit(ann, message, `${i}`);
    assert.deepEqual(
      await earlier(bob, message),
      Array.from({ length: limits.editsKept }, (_, i) => `${count - 1 - i}`),
    );
    assert.equal((await stored(message)).length, limits.editsKept);
  });

  await t.step(
    "whoever may not read the message may not read them",
    async () => {
      const message = await send(ann, chatId, "one");
      await edit(ann, message, "two");
      refused(await cleo.call("GET", at(message, "/edits")), "not_found");
      accepted(await bob.call("DELETE", at(message, "?for=me")));
      refused(await bob.call("GET", at(message, "/edits")), "not_found");
      assert.deepEqual(await earlier(ann, message), ["one"]);
    },
  );

  await t.step("they go with what is deleted for everyone", async () => {
    const message = await send(ann, chatId, "one");
    await edit(ann, message, "two");
    accepted(await ann.call("DELETE", at(message)));
    assert.deepEqual(await stored(message), []);
    assert.deepEqual((await edits(bob, message)).items, []);
  });

  await t.step(
    "also where it is sent, edited and deleted in one batch",
    async () => {
      await using line = await ann.connect();
      const messageId = newId();
      const frame = { chatId, messageId };
      const [{ seq }] = await Promise.all([
        asked(line, { type: "send", ...frame, content: said("one") }),
        asked(line, { type: "edit", ...frame, content: said("two") }),
        asked(line, { type: "edit", ...frame, content: said("three") }),
        asked(line, { type: "delete", ...frame }),
      ]);
      assert.deepEqual(await stored({ seq }), []);
    },
  );

  await t.step("and nothing is missing where it is only edited", async () => {
    await using line = await ann.connect();
    const messageId = newId();
    const frame = { chatId, messageId };
    await Promise.all([
      asked(line, { type: "send", ...frame, content: said("one") }),
      ...["two", "three", "four"].map((text) =>
        asked(line, { type: "edit", ...frame, content: said(text) })
      ),
    ]);
    const message = await read(bob, { chatId, messageId } as Message);
    assert.deepEqual(message.content, said("four"));
    assert.deepEqual(await earlier(bob, message), ["three", "two", "one"]);
  });
  await t.step(
    "one that was damaged at rest hides none of the others",
    async () => {
      const message = await send(ann, chatId, "one");
      await edit(ann, message, "two");
      await edit(ann, message, "three");
      await service.db.database.run(
        sql`update message_edits set sealed = sealed || '\\x00'::bytea
        where chat_id = ${chatId}::uuid and seq = ${message.seq} and rev = (
          select min(rev) from message_edits
          where chat_id = ${chatId}::uuid and seq = ${message.seq})`,
      );
      assert.deepEqual(await earlier(bob, message), ["two", null]);
      const mine = accepted(
        await ann.call<{ earlierContents: unknown[] }>("GET", "/me/export"),
      );
      assert.ok(mine.earlierContents.length > 0);
      assert.ok(service.complaints.length > 0);
    },
  );
});
