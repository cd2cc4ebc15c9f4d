import { deepEqual, equal, rejects } from "node:assert/strict";
import { memorySessionStore } from "../../src/client/mod.ts";
import { Problem } from "../../src/protocol/problem.ts";
import { eventually, settle } from "./eventually.ts";
import { userId } from "./fake_service.ts";
import { heard, setStage } from "./stage.ts";

const login = { login: "ada", password: "correct horse" };
const refreshes = (calls: string[]) =>
  calls.filter((call) => call === "POST /auth/refresh").length;

Deno.test("calls carry the access token, and answer with what came", async () => {
  await using stage = setStage();
  const tokens: unknown[] = [];
  stage.service.routes.set("GET /me", ({ token }) => {
    tokens.push(token);
    return { username: "ada" };
  });
  await stage.client.login(login);
  equal((await stage.client.me.get()).username, "ada");
  deepEqual(tokens, ["access-1"]);
});

Deno.test("a problem comes as an error with its code, also from a proxy in between", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  await client.login(login);
  service.routes.set("PATCH /me", () => {
    throw new Problem("username_taken", { detail: "Somebody has it" });
  });
  await rejects(client.me.update({ username: "bea" }), {
    name: "ParleyError",
    code: "username_taken",
    message: "Somebody has it",
  });
  service.routes.set(
    "PUT /me/password",
    () => new Response("<html>", { status: 502 }),
  );
  const change = { current: "a", next: "b" };
  await rejects(client.me.changePassword(change), { code: "unavailable" });
});

Deno.test("a token that runs out is renewed beforehand, once for all who need it", async () => {
  // As where there are no locks: the client alone has to see to it.
  const exclusively = <T>(_name: string, work: () => Promise<T>) => work();
  await using stage = setStage({ platform: { exclusively } });
  const { client, service, clock } = stage;
  const tokens: unknown[] = [];
  service.routes.set("GET /me", ({ token }) => (tokens.push(token), {}));
  await client.login(login);
  clock.advance(720_000);
  await Promise.all([client.me.get(), client.me.get(), client.me.get()]);
  deepEqual(tokens, ["access-2", "access-2", "access-2"]);
  equal(refreshes(service.calls), 1);
});

Deno.test("a token refused beforetime is renewed once, and the call made again", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  service.routes.set("GET /me", ({ token }) => {
    if (token === "access-1") throw new Problem("token_expired");
    return { token };
  });
  await client.login(login);
  const all = await Promise.all([client.me.get(), client.me.get()]);
  deepEqual(all, [{ token: "access-2" }, { token: "access-2" }]);
  equal(refreshes(service.calls), 1);
});

Deno.test("tabs that share a store do not spend one refresh token twice", async () => {
  const store = memorySessionStore();
  // One lock for both, as navigator.locks is.
  let last: Promise<unknown> = Promise.resolve();
  const exclusively = <T>(_name: string, work: () => Promise<T>) => {
    const own = last.then(work);
    last = own.catch(() => {});
    return own;
  };
  await using stage = setStage({
    storage: { session: store },
    platform: { exclusively },
  });
  const { client, service, clock } = stage;
  service.routes.set("GET /me", ({ token }) => ({ token }));
  await client.login(login);
  const tab = stage.another();
  equal((await tab.signedIn())?.username, "ada");
  clock.advance(720_000);
  const all = await Promise.all([client.me.get(), tab.me.get()]);
  deepEqual(all, [{ token: "access-2" }, { token: "access-2" }]);
  equal(refreshes(service.calls), 1);
});

Deno.test("a tab whose store was taken over by another account is signed out", async () => {
  const store = memorySessionStore();
  await using stage = setStage({ storage: { session: store } });
  const { client, service, clock } = stage;
  await client.login(login);
  const signedOut = heard(client, "signedOut");
  service.routes.set("POST /auth/login", () => {
    const grant = service.grant();
    return { ...grant, user: { ...grant.user, userId: userId(2) } };
  });
  const tab = stage.another();
  await tab.login(login);
  clock.advance(720_000);
  await rejects(client.me.get(), { code: "unauthenticated" });
  equal(signedOut.length, 1);
  equal((await store.load())?.user.userId, userId(2));
  equal(refreshes(service.calls), 0);
});

Deno.test("while the service is away, a token that still lives is used", async () => {
  await using stage = setStage();
  const { client, service, clock } = stage;
  service.routes.set("GET /me", ({ token }) => ({ token }));
  await client.login(login);
  service.routes.set("POST /auth/refresh", () => {
    throw new Problem("unavailable");
  });
  clock.advance(720_000);
  deepEqual(await client.me.get(), { token: "access-1" });
  clock.advance(180_000);
  await rejects(client.me.get(), { code: "unavailable" });
});

Deno.test("a machine whose clock is wrong does not renew at every call", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  service.routes.set("GET /me", ({ token }) => ({ token }));
  service.now = () => 0;
  service.tokenLifeMs = 0;
  await client.login(login);
  await client.me.get();
  await client.me.get();
  equal(refreshes(service.calls), 0);
});

Deno.test("logout() tells the service and forgets, whatever the service says", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  await client.login(login);
  service.routes.set("POST /auth/logout", () => {
    throw new Problem("unavailable");
  });
  const signedOut = heard(client, "signedOut");
  await rejects(client.logout(), { code: "unavailable" });
  deepEqual(signedOut, [undefined]);
  equal(await client.signedIn(), undefined);
  await rejects(client.me.get(), { code: "unauthenticated" });
});

Deno.test("signing in again leaves the account before it", async () => {
  await using stage = setStage();
  const { client } = stage;
  const connection = await stage.live();
  await client.login(login);
  await eventually("the close", () => connection.isClosed);
  equal(client.connection, "closed");
});

Deno.test("with a cookie the refresh token never comes near the client", async () => {
  const session = memorySessionStore();
  await using stage = setStage({ cookie: true, storage: { session } });
  const { client, service, clock } = stage;
  const bodies: unknown[] = [];
  for (const route of ["POST /auth/login", "POST /auth/refresh"]) {
    service.routes.set(route, ({ body }) => {
      bodies.push(body);
      const { refreshToken: _, ...grant } = service.grant();
      return grant;
    });
  }
  service.routes.set("GET /me", ({ token }) => ({ token }));
  await client.login(login);
  clock.advance(720_000);
  deepEqual(await client.me.get(), { token: "access-2" });
  deepEqual(bodies, [{ ...login, cookie: true }, { cookie: true }]);
  equal((await session.load())?.refreshToken, undefined);
});

Deno.test("what can be repeated is tried four times while the service is away", async () => {
  await using stage = setStage();
  const { client, service, clock } = stage;
  await client.login(login);
  let tries = 0;
  service.routes.set("GET /me", () => {
    tries++;
    throw new Problem("unavailable", { retryAfterMs: 1_000 });
  });
  const called = rejects(client.me.get(), { code: "unavailable" });
  // The hint, and half of what each wait may take.
  for (const wait of [1_125, 1_250, 1_500]) {
    await eventually("a wait", () => clock.waiting().includes(wait));
    clock.advance(wait);
  }
  await called;
  equal(tries, 4);
});

Deno.test("what cannot be repeated is not", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  await client.login(login);
  service.routes.set("POST /chats", () => {
    throw new Problem("unavailable");
  });
  const group = { kind: "group" as const, title: "A group", memberIds: [] };
  await rejects(client.chats.create(group), { code: "unavailable" });
  equal(service.calls.filter((call) => call === "POST /chats").length, 1);
});

Deno.test("an unreachable service is unavailable, with the cause inside", async () => {
  await using stage = setStage();
  const lost = stage.another({ url: "http://127.0.0.1:1" });
  await rejects(
    lost.login(login),
    (error: Error & { code: string }) =>
      error.code === "unavailable" && error.cause instanceof TypeError,
  );
});

Deno.test("a call that nothing answers ends after fifteen seconds", async () => {
  await using stage = setStage();
  const { client, service, clock } = stage;
  const never = Promise.withResolvers<undefined>();
  service.routes.set("POST /auth/register", () => never.promise);
  const called = rejects(
    client.register({ username: "ada", password: "correct horse" }),
    { code: "unavailable" },
  );
  await eventually("the call", () => service.calls.length === 1);
  clock.advance(15_000);
  await called;
  never.resolve(undefined);
});

Deno.test("a signal ends a call, and the wait before its repetition", async () => {
  await using stage = setStage();
  const { client, service, clock } = stage;
  await client.login(login);
  service.routes.set("GET /me", () => {
    throw new Problem("unavailable");
  });
  const controller = new AbortController();
  const why = new Error("changed my mind");
  const called = rejects(client.me.get({ signal: controller.signal }), why);
  await eventually("a wait", () => clock.waiting().includes(125));
  controller.abort(why);
  await called;
  deepEqual(clock.waiting(), []);
  await settle();
});
