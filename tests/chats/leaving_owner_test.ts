import assert from "node:assert/strict";
import { createChanges } from "../../src/changes/mod.ts";
import { createChats } from "../../src/chats/mod.ts";
import type { Database } from "../../src/db/database.ts";
import type { Member } from "../../src/protocol/chats.ts";
import type { List } from "../../src/protocol/page.ts";
import { accepted } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import { groupOf, newPerson } from "../support/peer.ts";
import { silent } from "../support/silent.ts";
import { unlimited } from "../support/unlimited.ts";

Deno.test("an owner leaves although all heirs have changed since she looked", async () => {
  await using service = await testApp();
  const db = service.db.database;
  const [ann, bob, cleo] = [
    await newPerson(service.url),
    await newPerson(service.url),
    await newPerson(service.url),
  ];
  const chatId = await groupOf(ann, bob);
  const path = `/chats/${chatId}/members`;
  let looks = 0;
  const watched: Database = {
    ...db,
    async run(...statements) {
      const seen = await db.run(...statements);
      if (++looks === 1) {
        await ann.call("POST", path, { userIds: [cleo.userId] }).then(accepted);
        assert.equal((await bob.call("DELETE", `${path}/me`)).status, 204);
      }
      return seen;
    },
  };
  const chats = createChats({
    db: watched,
    changes: createChanges({ db, announce: () => {}, now: () => new Date() }),
    newId: () => assert.fail("It makes nothing"),
    newDataKey: () => assert.fail("It makes no key"),
    narrate: silent,
    reached: unlimited,
  });

  await chats.removeMember(chatId, ann.userId, ann.userId);
  assert.equal(looks, 2);
  const { items } = accepted(await cleo.call<List<Member>>("GET", path));
  assert.deepEqual(items.map(({ userId, role }) => [userId, role]), [
    [cleo.userId, "owner"],
  ]);
});
