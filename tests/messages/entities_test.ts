import assert from "node:assert/strict";
import { commitBatch } from "../../src/changes/commit.ts";
import { removeMember } from "../../src/chats/remove_member.ts";
import { type Database } from "../../src/db/database.ts";
import { sql } from "../../src/db/sql.ts";
import { everyone } from "../../src/messages/mention_store.ts";
import { sendMessage } from "../../src/messages/send.ts";
import { messageTable } from "../../src/messages/store.ts";
import type { Entity } from "../../src/protocol/entities.ts";
import type { ChatId, UserId } from "../../src/protocol/ids.ts";
import { limits } from "../../src/protocol/limits.ts";
import type {
  Content,
  Message,
  MessageContent,
} from "../../src/protocol/messages.ts";
import { accepted, refused } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import {
  directChat,
  groupOf,
  newPerson,
  type Person,
} from "../support/peer.ts";
import { asked, at, mention, newId, read, said, type Sent } from "./talk.ts";
import { silent } from "../support/silent.ts";

type Style = Extract<Entity, { length: number }>["type"];
const part = (type: Style, offset: number, length: number, more = {}) =>
  ({ type, offset, length, ...more }) as Entity;
const link = (offset: number, length: number, url = "https://a.example/?b#c") =>
  part("link", offset, length, { url });
const to = (userId: UserId, offset = 0, length = 4) =>
  part("mention", offset, length, { userId });
const toAll = part("mention", 0, 4, { everyone: true });

/** In UTF-16 units: a rocket at 0 and 1, then ten letters. */
const rocket = "🚀abcdefghij";

const kept: Record<string, [text: string, entities: Entity[]]> = {
  "every style, side by side": [
    "abcdef",
    (["bold", "italic", "strikethrough", "code", "pre", "quote"] as const)
      .map((type, i) => part(type, i, 1)),
  ],
  "one in another, and both at once": [rocket, [
    part("quote", 0, 12),
    part("bold", 0, 12),
    part("italic", 2, 4),
    link(2, 4),
    part("code", 2, 4),
    part("italic", 7, 5),
  ]],
  "a whole emoji": [rocket, [part("bold", 0, 2)]],
  "links of every kind": ["abc", [
    link(0, 1, "http://a.example"),
    link(1, 1, "HTTPS://b.example/%20?c=d&e#f"),
    link(2, 1, "mailto:ada@example.org"),
  ]],
  "as many as there may be": [
    "x".repeat(limits.entitiesPerText),
    Array.from(
      { length: limits.entitiesPerText },
      (_, i) => part("bold", i, 1),
    ),
  ],
};

const nobodys: Record<string, [text: string, entities: unknown[]]> = {
  "beyond the end": ["abc", [part("bold", 1, 3)]],
  "at the end, with nothing": ["abc", [part("bold", 3, 1)]],
  "nothing at all": ["abc", [part("bold", 1, 0)]],
  "before the beginning": ["abc", [part("bold", -1, 2)]],
  "half an offset": ["abc", [part("bold", 0.5, 1)]],
  "from the middle of an emoji": [rocket, [part("bold", 1, 3)]],
  "to the middle of an emoji": [rocket, [part("bold", 0, 1)]],
  "in the wrong order": ["abc", [part("bold", 1, 1), part("italic", 0, 1)]],
  "the shorter first": ["abc", [part("bold", 0, 1), part("italic", 0, 2)]],
  "one across the other": ["abc", [part("bold", 0, 2), part("italic", 1, 2)]],
  "across one around another": ["abcdef", [
    part("quote", 0, 4),
    part("bold", 0, 2),
    part("italic", 3, 2),
  ]],
  "bold in bold": ["abc", [part("bold", 0, 3), part("bold", 1, 1)]],
  "a style in code": ["abc", [part("code", 0, 3), part("bold", 1, 1)]],
  "a link in a link, with a style between": ["abc", [
    link(0, 3),
    part("bold", 0, 2),
    link(1, 1),
  ]],
  "too many": [
    "x".repeat(limits.entitiesPerText + 1),
    Array.from(
      { length: limits.entitiesPerText + 1 },
      (_, i) => part("bold", i, 1),
    ),
  ],
  "of a kind that is not known": ["abc", [part("blink" as Style, 0, 1)]],
  "with more than belongs to it": ["abc", [part("bold", 0, 1, { url: "x" })]],
  "a link that leads nowhere": ["abc", [part("link", 0, 1)]],
  "a mention of nobody": ["abc", [part("mention", 0, 1)]],
  "a mention of one and all": ["abc", [
    part("mention", 0, 1, { userId: crypto.randomUUID(), everyone: true }),
  ]],
  ...Object.fromEntries(
    [
      "javascript:alert(1)",
      "data:text/html,x",
      "file:///etc/passwd",
      "//a.example",
      "https://",
      "https://a b.example",
      "https://a.example/\nb",
      "\tjavascript:alert(1)",
      " https://a.example",
      `https://a.example/${"x".repeat(limits.linkLength)}`,
    ].map((
      url,
    ) => [`a link to ${url.slice(0, 40)}`, ["abc", [link(0, 1, url)]]]),
  ),
};

/** Whom the rows of a chat mean, by `seq`. */
async function meant(db: Database, chatId: ChatId) {
  const [rows] = await db.run(
    sql<{ seq: number; userId: UserId }>`select seq, user_id from mentions
      where chat_id = ${chatId}::uuid order by seq, user_id`,
  );
  const bySeq = Map.groupBy(rows, ({ seq }) => seq);
  return new Map(
    [...bySeq].map(([seq, rows]) => [seq, rows.map(({ userId }) => userId)]),
  );
}

Deno.test("entities and mentions", async (t) => {
  await using service = await testApp();
  const db = service.db.database;
  const [ann, bob, cleo, dan] = await Promise.all(
    ["a", "b", "c", "d"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person, Person, Person];
  const chatId = await groupOf(ann, bob, cleo);
  const path = `/chats/${chatId}/messages`;
  await using line = await bob.connect();
  const post = (by: Person, text: string, entities: unknown[], where = path) =>
    by.call<Sent>("POST", where, { content: { ...said(text), entities } });
  const edit = async (by: Person, message: Message, content: Content) =>
    accepted(await by.call<Message>("PATCH", at(message), { content }));

  for (const [what, [text, entities]] of Object.entries(kept)) {
    await t.step(`keeps ${what}, over both doors and live`, async () => {
      const content = { ...said(text), entities };
      const posted = accepted(await post(ann, text, entities));
      assert.deepEqual(posted.content, content);
      const { messageId } = await asked(line, {
        type: "send",
        chatId,
        messageId: newId(),
        content,
      });
      assert.deepEqual(
        (await read(cleo, { ...posted, messageId })).content,
        content,
      );
      for (const id of [posted.messageId, messageId]) {
        const { message } = await line.heard(
          "message.created",
          ({ message }) => message.messageId === id,
        );
        assert.deepEqual(message.content, content);
      }
    });
  }

  for (const [what, [text, entities]] of Object.entries(nobodys)) {
    await t.step(`refuses ${what}`, async () => {
      const answer = await post(ann, text, entities);
      refused(answer, "invalid_input");
      const { errors } = answer.body as unknown as {
        errors: { path: string }[];
      };
      assert.ok(
        errors[0]!.path.startsWith("content.entities"),
        errors[0]!.path,
      );
    });
  }

  await t.step(
    "a mention of a member has a row, and the text says whom",
    async () => {
      const sent = await mention(ann, chatId, bob);
      assert.deepEqual((await read(bob, sent)).content, {
        ...said("Hello @you"),
        entities: [to(bob.userId, 6, 4)],
      });
      assert.deepEqual((await meant(db, chatId)).get(sent.seq), [bob.userId]);
    },
  );

  await t.step(
    "one's own name counts for nobody, a name twice counts once",
    async () => {
      const own = accepted(await post(ann, "@ann", [to(ann.userId)]));
      assert.deepEqual(
        (own.content as { entities: unknown[] }).entities.length,
        1,
      );
      const twice = accepted(
        await post(ann, "@bob @bob", [to(bob.userId), to(bob.userId, 5)]),
      );
      const rows = await meant(db, chatId);
      assert.equal(rows.get(own.seq), undefined);
      assert.deepEqual(rows.get(twice.seq), [bob.userId]);
    },
  );

  await t.step(
    "whoever is not in the chat is not mentioned, and nobody learns of it",
    async () => {
      const strangers = [dan.userId, crypto.randomUUID() as UserId];
      for (const userId of strangers) {
        const sent = accepted(
          await post(ann, "@dan @bob", [to(userId), to(bob.userId, 5)]),
        );
        assert.deepEqual(sent.content, {
          ...said("@dan @bob"),
          entities: [to(bob.userId, 5)],
        });
        const rows = await meant(db, chatId);
        assert.deepEqual(rows.get(sent.seq), [bob.userId]);
      }
    },
  );

  await t.step(
    "everyone is one row, and takes an admin of the group",
    async () => {
      const sent = await mention(ann, chatId, "everyone");
      const refusedHis = await mention(bob, chatId, "everyone");
      const rows = await meant(db, chatId);
      assert.deepEqual(rows.get(sent.seq), [everyone]);
      assert.equal(rows.get(refusedHis.seq), undefined);
      assert.deepEqual(refusedHis.content, {
        ...said("Hello @you"),
        entities: [],
      });
      accepted(
        await ann.call("PATCH", `/chats/${chatId}/members/${bob.userId}`, {
          role: "admin",
        }),
      );
      const his = await mention(bob, chatId, "everyone");
      assert.deepEqual((await meant(db, chatId)).get(his.seq), [everyone]);
      const direct = await directChat(ann, bob);
      const hers = await mention(ann, direct, "everyone");
      assert.equal((await meant(db, direct)).get(hers.seq), undefined);
    },
  );

  await t.step("the rows follow edits and deletion", async () => {
    const sent = await mention(ann, chatId, bob);
    const rows = async () => (await meant(db, chatId)).get(sent.seq);
    await edit(ann, sent, {
      ...said("@cleo @dan"),
      entities: [to(cleo.userId, 0, 5), to(dan.userId, 6)],
    });
    assert.deepEqual(await rows(), [cleo.userId]);
    assert.deepEqual((await read(bob, sent)).content, {
      ...said("@cleo @dan"),
      entities: [to(cleo.userId, 0, 5)],
    });
    await edit(ann, sent, { ...said("@all"), entities: [toAll] });
    assert.deepEqual(await rows(), [everyone]);
    await edit(ann, sent, said("Nobody"));
    assert.equal(await rows(), undefined);
    await edit(ann, sent, { ...said("@bob"), entities: [to(bob.userId)] });
    assert.deepEqual(await rows(), [bob.userId]);
    accepted(await ann.call("DELETE", at(sent)));
    assert.equal(await rows(), undefined);
  });

  await t.step(
    "sent and changed in one batch, the last word counts",
    async () => {
      const messageId = newId();
      const content = { ...said("@bob"), entities: [to(bob.userId)] };
      const later = { ...said("@cleo"), entities: [to(cleo.userId, 0, 5)] };
      const [{ seq }] = await Promise.all([
        asked(line, {
          type: "send",
          chatId,
          messageId,
          content: { ...content, entities: [to(ann.userId)] },
        }),
        asked(line, { type: "edit", chatId, messageId, content: later }),
      ]);
      assert.deepEqual((await meant(db, chatId)).get(seq), [cleo.userId]);
    },
  );

  for (const first of ["the removal", "the mention"] as const) {
    await t.step(
      `of a removal and a mention in one batch, ${first} first`,
      async () => {
        const where = await groupOf(ann, bob);
        const stored: MessageContent[] = [];
        const send = sendMessage(
          messageTable((rows) =>
            Promise.resolve(
              rows.map((row) => ({
                ...row,
                content: null,
                forwardedFrom: null,
              })),
            )
          ),
          () =>
            Promise.resolve(({ content }) => {
              stored.push(content);
              return { keyVersion: 1, sealed: new Uint8Array(40) };
            }),
          {
            chatId: where,
            messageId: newId(),
            senderId: ann.userId,
            replyTo: undefined,
          },
          { ...said("@bob"), entities: [to(bob.userId)] },
        );
        await send.prepare!();
        const removal = removeMember(
          silent(where),
          where,
          ann.userId,
          bob.userId,
          [],
        );
        const isAfter = first === "the removal";
        await commitBatch(
          db,
          isAfter ? [removal, send] : [send, removal],
          new Date(),
        );
        assert.deepEqual(stored.at(-1), {
          ...said("@bob"),
          entities: isAfter ? [] : [to(bob.userId)],
        });
        assert.deepEqual(
          (await meant(db, where)).get(2),
          isAfter ? undefined : [bob.userId],
        );
      },
    );
  }

  assert.deepEqual(service.complaints, []);
});
