import assert from "node:assert/strict";
import type { ProblemDocument } from "../../src/protocol/problem.ts";
import { testApp } from "../support/app.ts";
import { call, newPerson } from "../support/peer.ts";
import { exchange } from "./raw_http.ts";
import { knownWireCases } from "./wire_cases.ts";

Deno.test("bytes that are nearly HTTP or nearly a WebSocket are no fault of the service", async () => {
  await using service = await testApp();
  const person = await newPerson(service.url);
  await using line = await person.connect();
  for (const bytes of knownWireCases) {
    const answer = await exchange(service.url, bytes, { hangUpMs: 20 });
    const said = new TextDecoder("latin1").decode(bytes.subarray(0, 200));
    const isFault = answer !== null && answer.status >= 500;
    assert.ok(
      !isFault || answer.status === 505,
      `${answer?.status} to ${said}`,
    );
  }
  assert.equal((await line.ask({ type: "ping" })).ok, true);
  assert.deepEqual(service.complaints, []);
});

Deno.test("a refusal is short, however much was wrong", async () => {
  await using service = await testApp();
  const person = await newPerson(service.url);
  const unknown = Object.fromEntries(
    Array.from({ length: 2000 }, (_, i) => [`unknown${i}`, null]),
  );
  const { session: { accessToken: token } } = person;
  const { body, status } = await call<ProblemDocument>(
    service.url,
    "PATCH",
    "/me",
    { token, body: unknown },
  );
  assert.equal(status, 400);
  assert.ok(JSON.stringify(body).length < 1000);
  await using line = await person.connect();
  const reply = await line.ask({ type: "ping", ...unknown });
  assert.equal(reply.ok, false);
  assert.ok(JSON.stringify(reply).length < 1000);
});
