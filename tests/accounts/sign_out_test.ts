import assert from "node:assert/strict";
import { testApp } from "../support/app.ts";
import { newPerson } from "../support/peer.ts";

Deno.test("a device that signs out several times at once is signed out", async () => {
  await using service = await testApp();
  for (let round = 0; round < 5; round++) {
    const person = await newPerson(service.url);
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => person.call("POST", "/auth/logout")),
    );
    const statuses = new Set(answers.map(({ status }) => status));
    assert.ok(statuses.delete(204));
    // Who comes after the fact has a token that no longer counts.
    statuses.delete(401);
    assert.deepEqual([...statuses], []);
  }
});
