/** Whose typing a group is told of. */
import assert from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { limits } from "../../src/protocol/limits.ts";
import { accepted } from "../support/answers.ts";
import { testApp } from "../support/app.ts";
import { groupOf, type Line, newPerson } from "../support/peer.ts";

Deno.test("typing is told in small groups, by those who may write", async () => {
  await using service = await testApp();
  const ann = await newPerson(service.url, "ann");
  const bob = await newPerson(service.url, "bob");
  const chatId = await groupOf(ann, bob);
  await using hers = await ann.connect();
  await using his = await bob.connect();
  const type = async (line: Line, active: boolean) =>
    assert.ok((await line.ask({ type: "typing", chatId, active })).ok);
  /** How often she was told of his typing: all of it came before the answer to her own. */
  const told = async () => {
    await type(hers, false);
    return hers.events.filter((event) =>
      event.type === "typing" && event.userId === bob.userId
    ).length;
  };
  const grow = (by: number) =>
    service.db.database.run(
      sql`update chats set member_count = member_count + ${by} where chat_id = ${chatId}::uuid`,
    );

  await grow(limits.toldMembers);
  await type(his, true);
  await grow(-limits.toldMembers);
  assert.equal(await told(), 0, "too many");

  await type(his, true);
  assert.equal(await told(), 1);
  const permissions = { sendMessages: "admins" };
  accepted(await ann.call("PATCH", `/chats/${chatId}`, { permissions }));
  await type(his, true);
  assert.equal(await told(), 1, "no right");
  assert.deepEqual(service.complaints, []);
});
