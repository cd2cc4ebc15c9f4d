import assert from "node:assert/strict";
import { createChats } from "../../src/chats/mod.ts";
import type { ChatId, UserId } from "../../src/protocol/ids.ts";
import { limits } from "../../src/protocol/limits.ts";
import type { ProblemDocument } from "../../src/protocol/problem.ts";
import { rates } from "../../src/rates.ts";
import { accepted, refused } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import {
  directChat,
  groupOf,
  newPerson,
  type Person,
} from "../support/peer.ts";
import { silent } from "../support/silent.ts";
import { unlimited } from "../support/unlimited.ts";

const strangers = (count: number) =>
  Array.from({ length: count }, () => crypto.randomUUID() as UserId);

const most = limits.membersPerRequest;

const create = (by: Person, memberIds: readonly UserId[]) =>
  by.call("POST", "/chats", { kind: "group", title: "A group", memberIds });

const add = (by: Person, chatId: ChatId, userIds: readonly UserId[]) =>
  by.call("POST", `/chats/${chatId}/members`, { userIds });

Deno.test("reaching people", async (t) => {
  await using service = await testApp();
  const [ann, bob, cleo, dan] = await Promise.all(
    ["a", "b", "c", "d"].map((name) => newPerson(service.url, name)),
  ) as [Person, Person, Person, Person];

  await t.step("a stranger's wish to add people locks nobody", async () => {
    const chatId = await groupOf(ann);
    const submitted: unknown[] = [];
    const chats = createChats({
      db: service.db.database,
      changes: {
        submit(command) {
          submitted.push(command);
          return Promise.reject(new Error("The lane was asked"));
        },
      },
      newId: crypto.randomUUID,
      newDataKey: () => Promise.reject(),
      narrate: silent,
      reached: unlimited,
    });
    const people = strangers(most);
    for (const id of [chatId, crypto.randomUUID() as ChatId]) {
      await assert.rejects(chats.addMembers(id, bob.userId, people), {
        code: "not_found",
      });
    }
    assert.deepEqual(submitted, []);
    await assert.rejects(
      chats.addMembers(chatId, ann.userId, people),
      /The lane was asked/,
      "a member's is decided under the lock",
    );
  });

  await t.step(
    "one person reaches so many at once, and is told when she may go on",
    async () => {
      const chatId = await groupOf(cleo);
      const between = await directChat(cleo, dan);
      const { burst } = rates.peopleReachedPerUser;
      // The two doors in turn: they count together.
      for (let i = 0; i < Math.floor((burst - 1) / most); i++) {
        const people = strangers(most);
        refused(
          await (i % 2 === 0
            ? create(cleo, people)
            : add(cleo, chatId, people)),
          "not_found",
        );
      }
      for (
        const wish of [
          () => create(cleo, strangers(most)),
          () => add(cleo, chatId, strangers(most)),
        ]
      ) {
        const answer = await wish();
        refused(answer, "rate_limited");
        assert.ok((answer.body as ProblemDocument).retryAfterMs! > 0);
      }
      accepted(
        await cleo.call("POST", `/chats/${between}/messages`, {
          content: { type: "text", text: "Hello" },
        }),
      );
      accepted(
        await cleo.call("POST", "/chats", {
          kind: "channel",
          title: "A channel",
        }),
      );
      accepted(await create(dan, [ann.userId]));
    },
  );

  await t.step("who is named twice counts once", async () => {
    const people = Array<UserId>(most).fill(ann.userId);
    for (let i = 0; i < 10; i++) accepted(await create(bob, people));
  });
  assert.deepEqual(service.complaints, []);
});
