import assert from "node:assert/strict";
import fc from "fast-check";
import { sql } from "../../src/db/sql.ts";
import type { EventOf } from "../../src/protocol/events.ts";
import type { Message } from "../../src/protocol/messages.ts";
import type { Changes } from "../../src/protocol/sync.ts";
import { accepted } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import { groupOf, newPerson, type Person } from "../support/peer.ts";
import { heardOf, history, newId, said } from "./talk.ts";

/** What a person may do to one of three messages, of which some are sent in the same batch. */
const step = fc.record({
  who: fc.nat(1),
  kind: fc.constantFrom(
    "send",
    "send",
    "reply",
    "edit",
    "delete",
    "react",
    "unreact",
  ),
  of: fc.nat(2),
  with: fc.nat(1),
});

/**
 * Frames go out without waiting for the answers, so that many are decided in one batch, on rows that
 * nothing but the batch has seen yet.
 */
Deno.test("whatever is decided in one batch is stored as it was told", async () => {
  await using service = await testApp();
  const people = await Promise.all(
    ["a", "b"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person];
  const [ann, bob] = people;
  await using anns = await ann.connect();
  await using bobs = await bob.connect();
  const lines = [anns, bobs];

  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const chatId = await groupOf(ann, bob);
      await Promise.all(
        lines.map((line) =>
          line.heard("chat.created", (e) => e.chatId === chatId)
        ),
      );
      const ids = [newId(), newId(), newId()];
      const replies = await Promise.all(
        steps.map(({ who, kind, of, with: other }) => {
          const emoji = ["👍", "🎉"][other]!;
          const messageId = ids[of]!;
          const frames = {
            send: { type: "send", content: said(`${of}`) },
            reply: {
              type: "send",
              messageId: newId(),
              content: said("Reply"),
              replyTo: messageId,
            },
            edit: { type: "edit", content: said(`edited ${other}`) },
            delete: { type: "delete", for: "everyone" },
            react: { type: "react", emoji, active: true },
            unreact: { type: "react", emoji, active: false },
          };
          return lines[who]!.ask({ chatId, messageId, ...frames[kind] });
        }),
      );
      for (const reply of replies) {
        const code = reply.ok ? "ok" : reply.error.code;
        assert.ok(
          ["ok", "not_found", "conflict", "forbidden", "id_taken"].includes(
            code,
          ),
          code,
        );
      }

      // What was told, applied in order, is what is stored.
      await anns.ask({ type: "ping" });
      const told = new Map<string, EventOf<"message.created">["message"]>();
      let rev = 2;
      for (const event of heardOf(anns, chatId)) {
        if (
          event.type !== "message.created" && event.type !== "message.updated"
        ) {
          continue;
        }
        assert.equal(event.rev, ++rev, "no gap");
        const { message } = event;
        told.set(message.messageId, message);
        const root = event.type === "message.created" &&
          message.replyTo && told.get(message.replyTo.messageId);
        if (root) {
          told.set(root.messageId, {
            ...root,
            rev,
            replyCount: root.replyCount + 1,
          });
        }
      }
      const { items } = await history(bob, chatId, "?limit=100");
      const shown = ({ reactions, ...message }: Message) => ({
        ...message,
        reactions: reactions.map(({ emoji, count }) => ({ emoji, count })),
      });
      assert.deepEqual(
        items.map(shown),
        [...told.values()].sort((a, b) => a.seq - b.seq),
      );
      assert.deepEqual(items.map(({ seq }) => seq), items.map((_, i) => i + 1));

      const changes = accepted(
        await bob.call<Changes>("GET", `/chats/${chatId}/changes?since=0`),
      );
      assert.equal(changes.to, rev);
      // The counts that stand with the messages are those of the reactions.
      const [counts] = await service.db.database.run(
        sql<{ seq: number; emoji: string; count: number }>`select seq, emoji,
            count(*)::int as count
          from reactions where chat_id = ${chatId}::uuid group by 1, 2 order by 1, emoji collate "C"`,
      );
      assert.deepEqual(
        counts,
        items.flatMap(({ seq, reactions }) =>
          reactions.map(({ emoji, count }) => ({ seq, emoji, count }))
            .sort((a, b) => a.emoji < b.emoji ? -1 : 1)
        ),
      );
    }),
    { numRuns: 15 },
  );
  assert.deepEqual(service.complaints, []);
});
