/**
 * Two commands of two isolates wait at a lock that the test holds, and are let in one after the other:
 * the one that came first counts.
 */
import assert from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { accepted, refused } from "../support/answers.ts";
import { anotherIsolate, type TestApp, testApp } from "../support/app.ts";
import { testServer } from "../support/database.ts";
import {
  type Answer,
  directChat,
  newPerson,
  type Person,
  personOf,
} from "../support/peer.ts";
import { history } from "../messages/talk.ts";
import { accept, ask, block, drop, relationship } from "./acquaintance.ts";

// The embedded Postgres has one session: nobody can wait in it while another one holds a lock.
const ignore = testServer === null;

type Act = () => Promise<Answer<unknown>>;

/**
 * Lets each begin once the one before it waits for the lock of the scope, then lets go of that. Each is
 * of an isolate of its own: on one they might wait for each other before the lock.
 */
async function inTurn(
  { db: { database } }: TestApp,
  scopeId: string,
  ...acts: Act[]
): Promise<Answer<unknown>[]> {
  const answers: Promise<Answer<unknown>>[] = [];
  await database.transaction(async (tx) => {
    await tx.run(
      sql`select from heads where scope_id = ${scopeId}::uuid for update`,
    );
    for (const [i, act] of acts.entries()) {
      answers.push(act());
      for (let waiting = 0; waiting <= i;) {
        const [[row]] = await database.run(
          sql<{ count: number }>`select count(*)::integer as count
            from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'`,
        );
        waiting = row!.count;
      }
    }
    await tx.commit();
  });
  return await Promise.all(answers);
}

Deno.test({
  name: "of two who meet at a lock",
  ignore,
  async fn(t) {
    await using here = await testApp();
    await using there = await anotherIsolate(here);
    const pair = async () => {
      const ann = await newPerson(here.url, "ann");
      const bob = await newPerson(here.url, "bob");
      return { ann, bob: personOf(there.url, bob.session) };
    };
    const content = { type: "text", text: "Hello" };
    const say = (by: Person, chatId: string) => () =>
      by.call("POST", `/chats/${chatId}/messages`, { content });

    await t.step(
      "a block that comes before a message keeps it out",
      async () => {
        const { ann, bob } = await pair();
        const chatId = await directChat(ann, bob);
        const [blocked, said] = await inTurn(
          here,
          chatId,
          () => block(ann, bob),
          say(bob, chatId),
        );
        accepted(blocked!);
        refused(said!, "blocked");
        assert.deepEqual((await history(ann, chatId)).items, []);
      },
    );

    await t.step("a message that comes before a block is in", async () => {
      const { ann, bob } = await pair();
      const chatId = await directChat(ann, bob);
      const [said, blocked] = await inTurn(
        here,
        chatId,
        say(bob, chatId),
        () => block(ann, bob),
      );
      accepted(said!);
      accepted(blocked!);
      refused(await say(bob, chatId)(), "blocked");
      assert.equal((await history(ann, chatId)).items.length, 1);
    });

    await t.step("a block and a chat that is opened agree", async () => {
      for (const first of ["block", "open"]) {
        const { ann, bob } = await pair();
        const open = () =>
          bob.call<{ chatId: string }>("POST", "/chats", {
            kind: "direct",
            memberIds: [ann.userId],
          });
        const acts = { block: () => block(ann, bob), open };
        const [one, other] = await inTurn(
          here,
          ann.userId,
          ...(first === "block"
            ? [acts.block, acts.open]
            : [acts.open, acts.block]),
        );
        accepted(one!);
        if (first === "block") refused(other!, "blocked");
        else {
          accepted(other!);
          const { chatId } = accepted(one!) as { chatId: string };
          refused(await say(bob, chatId)(), "blocked");
          refused(await say(ann, chatId)(), "blocked");
        }
      }
    });

    await t.step("whoever comes first accepts or withdraws", async () => {
      for (const first of ["accept", "withdraw"]) {
        const { ann, bob } = await pair();
        accepted(await ask(ann, bob));
        const acts: Act[] = [() => accept(bob, ann), () => drop(ann, bob)];
        const [one, other] = await inTurn(
          here,
          bob.userId,
          ...(first === "accept" ? acts : acts.reverse()),
        );
        accepted(one!);
        refused(other!, first === "accept" ? "conflict" : "not_found");
        const state = first === "accept" ? "contact" : "none";
        assert.deepEqual(
          [await relationship(ann, bob), await relationship(bob, ann)],
          [state, state],
        );
      }
    });

    await t.step("two who ask each other are contacts", async () => {
      const { ann, bob } = await pair();
      const asked = await inTurn(
        here,
        ann.userId,
        () => ask(ann, bob),
        () => ask(bob, ann),
      );
      assert.deepEqual(
        asked.map(({ body }) => (body as { state: string }).state),
        ["outgoing", "accepted"],
      );
      assert.equal(await relationship(ann, bob), "contact");
    });

    assert.deepEqual([...here.complaints, ...there.complaints], []);
  },
});
