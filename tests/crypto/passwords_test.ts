import assert from "node:assert/strict";
import { type Argon2, createPasswords } from "../../src/crypto/passwords.ts";

Deno.test("hash() uses Argon2id with OWASP's parameters and a salt of its own", async () => {
  const passwords = createPasswords();
  const [one, two] = await Promise.all([
    passwords.hash("correct horse"),
    passwords.hash("correct horse"),
  ]);
  assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  assert.notEqual(one, two);
  assert.ok(await passwords.verify(one, "correct horse"));
  assert.ok(!await passwords.verify(one, "correct horse "));
  assert.ok(!passwords.isOutdated(one));
});

Deno.test("isOutdated() finds hashes made with other parameters, which still verify", async () => {
  const passwords = createPasswords();
  const { hash } = await import("@node-rs/argon2");
  const old = await hash("secret word", { memoryCost: 8192, timeCost: 1 });
  assert.ok(passwords.isOutdated(old));
  assert.ok(await passwords.verify(old, "secret word"));
});

/** An Argon2 that counts what it computes and finishes when told. */
function heldArgon2() {
  const computing: (() => void)[] = [];
  const compute = <T>(result: T) =>
    new Promise<T>((resolve) => computing.push(() => resolve(result)));
  const argon2: Argon2 = {
    hash: () => compute("hash"),
    verify: () => compute(false),
  };
  return { computing, argon2: () => Promise.resolve(argon2) };
}

const settle = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("no more hashes than allowed are computed at once, and none beyond the queue", async () => {
  const { computing, argon2 } = heldArgon2();
  const passwords = createPasswords({ atOnce: 2, waiting: 2, argon2 });
  const all = [
    passwords.hash("a"),
    passwords.verify("h", "b"),
    passwords.verifyNothing("c"),
    passwords.hash("d"),
  ];
  await assert.rejects(
    passwords.hash("e"),
    (error: { code: string; extras: { retryAfterMs: number } }) => {
      assert.equal(error.code, "unavailable");
      assert.ok(error.extras.retryAfterMs > 0);
      return true;
    },
  );
  await settle();
  assert.equal(computing.length, 2);
  computing.forEach((finish) => finish());
  await settle();
  assert.equal(computing.length, 4);
  computing.forEach((finish) => finish());
  await Promise.all(all);
});

Deno.test("verifyNothing() verifies against a hash of today's parameters", async () => {
  const seen: string[] = [];
  const passwords = createPasswords({
    argon2: async () => {
      const { hash, verify } = await import("@node-rs/argon2");
      return {
        hash,
        verify: (stored, password) => {
          seen.push(stored);
          return verify(stored, password);
        },
      };
    },
  });
  await passwords.verifyNothing("whatever");
  assert.equal(seen.length, 1);
  assert.ok(!passwords.isOutdated(seen[0]!));
});
