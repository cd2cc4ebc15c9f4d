import { createSemaphore } from "../lib/semaphore.ts";
import { Problem } from "../protocol/problem.ts";

/**
 * OWASP's first recommendation for Argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one
 * lane. A stored hash carries its own parameters; one with others is renewed at the next login.
 */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const prefix =
  `$argon2id$v=19$m=${parameters.memoryCost},t=${parameters.timeCost},p=${parameters.parallelism}$`;

/** Of these parameters and of no password: 16 bytes of salt and 32 of hash, all zero. */
const nobody = `${prefix}${"A".repeat(22)}$${"A".repeat(43)}`;

export interface Passwords {
  hash(password: string): Promise<string>;
  verify(hash: string, password: string): Promise<boolean>;
  /** Costs what `verify` costs, so that the answer for an unknown user takes as long. */
  verifyNothing(password: string): Promise<void>;
  /** Whether the hash was made with other parameters than those of today. */
  isOutdated(hash: string): boolean;
}

/** The part of `@node-rs/argon2` that is used; it works on threads of its own. */
export interface Argon2 {
  hash(password: string, options: typeof parameters): Promise<string>;
  verify(hash: string, password: string): Promise<boolean>;
}

export interface PasswordsOptions {
  /** Hashes computed at once, each of them on a thread and with 19 MiB. */
  readonly atOnce?: number;
  /** Callers that may wait; one more gets `unavailable`. 200 take 2 to 3 s on two cores. */
  readonly waiting?: number;
  readonly argon2?: () => Promise<Argon2>;
}

/** Argon2id, off the event loop, so many at once and no more. */
export function createPasswords({
  atOnce = Math.max(2, navigator.hardwareConcurrency),
  waiting = 200,
  // Loaded at first use: a cold start does not pay for it.
  argon2 = () => import("@node-rs/argon2"),
}: PasswordsOptions = {}): Passwords {
  const { run } = createSemaphore({
    places: atOnce,
    waiting,
    full: () => new Problem("unavailable", { retryAfterMs: 3000 }),
  });

  return {
    hash: (password) =>
      run(async () => (await argon2()).hash(password, parameters)),
    verify: (hash, password) =>
      run(async () => (await argon2()).verify(hash, password)),
    verifyNothing: (password) =>
      run(async () => {
        await (await argon2()).verify(nobody, password);
      }),
    isOutdated: (hash) => !hash.startsWith(prefix),
  };
}
