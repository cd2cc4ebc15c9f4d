import assert from "node:assert/strict";
import { signInWithPassword } from "../../src/accounts/sign_in.ts";
import { newSignIn } from "../../src/accounts/session.ts";
import { createPasswords } from "../../src/crypto/passwords.ts";
import { Problem } from "../../src/protocol/problem.ts";
import { testApp } from "../support/app.ts";
import { newPerson, password } from "../support/peer.ts";

Deno.test("a sign-in whose account changes again and again is asked to come back", async () => {
  await using service = await testApp();
  const { username } = await newPerson(service.url);
  const signIn = await newSignIn({
    clock: Date.now,
    newId: () => crypto.randomUUID(),
  });
  const attempt = signInWithPassword(
    {
      db: service.db.database,
      passwords: createPasswords(),
      changes: { submit: () => Promise.reject(new Problem("conflict")) },
    },
    { login: username, password },
    signIn,
  );
  await assert.rejects(attempt, { code: "unavailable" });
});
