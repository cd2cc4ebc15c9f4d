import assert from "node:assert/strict";
import { freshMs } from "../../src/accounts/update_profile.ts";
import type { Me } from "../../src/protocol/accounts.ts";
import {
  answer,
  password,
  refused,
  type SignedIn,
  startAccounts,
  type TestService,
} from "./service.ts";

const email = "ada@example.org";

/** The same device with a token of now: what passes here is longer than a token lives. */
async function renewed(
  service: TestService,
  { refreshToken }: SignedIn,
): Promise<string> {
  const body = { refreshToken };
  const session = await answer<SignedIn>(
    await service.call("POST", "/auth/refresh", { body }),
  );
  return session.accessToken;
}

const patch = (
  service: TestService,
  token: string,
  body: Record<string, unknown>,
) => service.call("PATCH", "/me", { token, body });

Deno.test("a device that has just signed in may change the email address", async () => {
  await using service = await startAccounts();
  const ada = await service.register("ada", { email });
  service.clock.ms += freshMs - 1;
  const changed = await answer<Me>(
    await patch(service, ada.accessToken, { email: "new@example.org" }),
  );
  assert.equal(changed.email, "new@example.org");
});

Deno.test("another device needs the password for it, and for nothing else", async () => {
  await using service = await startAccounts();
  const ada = await service.register("ada", { email });
  service.clock.ms += freshMs;
  const token = await renewed(service, ada);
  for (const next of ["new@example.org", null]) {
    const answered = await patch(service, token, { email: next });
    assert.equal(answered.status, 403);
    await refused(answered, "forbidden");
    await refused(
      await patch(service, token, { email: next, password: "not it at all" }),
      "bad_credentials",
    );
  }
  // Its own address is no other address.
  await answer(await patch(service, token, { email, about: "Analyst" }));
  await answer(await patch(service, token, { username: "lovelace" }));
  assert.equal((await service.login(email)).user.email, email);

  const changed = await answer<Me>(
    await patch(service, token, { email: null, password }),
  );
  assert.equal(changed.email, null);
});

Deno.test("a device that was signed out a moment before changes nothing", async () => {
  await using service = await startAccounts();
  const ada = await service.register("ada", { email });
  const { accounts } = service;
  const caller = {
    userId: ada.user.userId,
    deviceId: ada.device.deviceId,
  };
  const [out, changed] = await Promise.allSettled([
    accounts.signOut(caller),
    accounts.updateProfile(caller, { email: null }),
  ]);
  assert.equal(out.status, "fulfilled");
  assert.ok(changed.status === "rejected");
  assert.equal(changed.reason.code, "forbidden");
});

Deno.test("guessing the password this way uses up the account's tries", async () => {
  await using service = await startAccounts({
    perName: { burst: 2, perSecond: 1 },
  });
  const ada = await service.register("ada", { email });
  const guess = (password: string) =>
    patch(service, ada.accessToken, { email: null, password });
  await refused(await guess("first guess"), "bad_credentials");
  await refused(await guess("second guess"), "bad_credentials");
  await refused(await guess(password), "rate_limited");
});

Deno.test("a password that was changed while it was checked does not count", async () => {
  await using service = await startAccounts();
  const ada = await service.register("ada", { email });
  service.clock.ms += freshMs;
  const token = await renewed(service, ada);
  service.argon2.afterNext = async () => {
    await answer(
      await service.call("PUT", "/me/password", {
        token,
        body: { current: password, next: "another secret" },
      }),
      204,
    );
  };
  await refused(
    await patch(service, token, { email: null, password }),
    "forbidden",
  );
});
