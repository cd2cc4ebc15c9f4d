import type { Changes } from "../changes/mod.ts";
import type { Passwords } from "../crypto/passwords.ts";
import type { Database } from "../db/database.ts";
import type { LoginRequest } from "../protocol/accounts.ts";
import { Problem } from "../protocol/problem.ts";
import { login } from "./login.ts";
import type { SignedIn } from "./register.ts";
import type { SignIn } from "./session.ts";
import { credentialsOf } from "./store.ts";

export interface SignInWithPasswordParts {
  readonly db: Database;
  readonly changes: Changes;
  readonly passwords: Passwords;
}

/**
 * Checks the password and opens a session. An unknown name, a wrong password and the time they take
 * cannot be told apart.
 */
export async function signInWithPassword(
  parts: SignInWithPasswordParts,
  request: Pick<LoginRequest, "login" | "password">,
  signIn: SignIn,
  tries = 2,
): Promise<SignedIn> {
  const { db, changes, passwords } = parts;
  const { password } = request;
  const [[found]] = await db.run(credentialsOf(request.login.toLowerCase()));
  if (!found) {
    await passwords.verifyNothing(password);
    throw new Problem("bad_credentials");
  }
  const { userId, passwordHash } = found;
  if (!await passwords.verify(passwordHash, password)) {
    throw new Problem("bad_credentials");
  }
  const renewedHash = passwords.isOutdated(passwordHash)
    ? await passwords.hash(password)
    : undefined;
  try {
    return await changes.submit(
      login({ userId, verifiedHash: passwordHash, renewedHash, signIn }),
    );
  } catch (error) {
    // The hash was renewed or the password changed in between: look again.
    const isChanged = error instanceof Problem && error.code === "conflict";
    if (!isChanged) throw error;
    if (tries <= 1) throw new Problem("unavailable", { retryAfterMs: 1000 });
    return await signInWithPassword(parts, request, signIn, tries - 1);
  }
}
