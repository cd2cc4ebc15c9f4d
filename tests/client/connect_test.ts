import { deepEqual, equal, rejects } from "node:assert/strict";
import { Problem } from "../../src/protocol/problem.ts";
import { ParleyError } from "../../src/client/mod.ts";
import { eventually, settle } from "./eventually.ts";
import { welcomeOf } from "./fake_service.ts";
import { heard, setStage } from "./stage.ts";

const login = { login: "ada", password: "correct horse" };

Deno.test("connect() says hello with the token and resolves once welcomed", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  const states = heard(client, "connection");
  await client.login(login);
  const connected = client.connect();
  const connection = await service.connection();
  const hello = await connection.take("hello");
  equal(hello.token, "access-1");
  equal(hello.cursor, undefined);
  connection.reply(hello, welcomeOf(service.me));
  await connected;
  deepEqual(states, ["connecting", "live"]);
});

Deno.test("connect() rejects when nobody is signed in", async () => {
  await using stage = setStage();
  await rejects(stage.client.connect(), { code: "unauthenticated" });
  equal(stage.client.connection, "closed");
});

Deno.test("an aborted connect() gives the attempt up", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  await client.login(login);
  const controller = new AbortController();
  const connected = client.connect({ signal: controller.signal });
  await service.connection();
  const why = new Error("changed my mind");
  controller.abort(why);
  await rejects(connected, why);
  equal(client.connection, "closed");
});

Deno.test("a lost connection is made again after a jittered wait that doubles", async () => {
  await using stage = setStage();
  const { client, service, clock } = stage;
  const first = await stage.live();
  first.close(1001);
  const waits: number[] = [];
  for (let round = 0; round < 3; round++) {
    await eventually("offline", () => client.connection === "offline");
    const [wait] = clock.waiting();
    waits.push(wait!);
    clock.advance(wait!);
    const next = await service.connection();
    await next.take("hello");
    next.close(1011);
  }
  // Half of 500, 1000 and 2000: the test's random number is 0.5.
  deepEqual(waits, [250, 500, 1000]);
});

Deno.test("hello resumes from the cursor of the last welcome", async () => {
  await using stage = setStage();
  const { client, service, clock } = stage;
  const first = await stage.live({ cursor: "cursor-7" });
  first.close(1001);
  await eventually("offline", () => client.connection === "offline");
  clock.advance(500);
  const second = await service.connection();
  equal((await second.take("hello")).cursor, "cursor-7");
});

Deno.test("a draining service is left alone for the time it asked for, and up to as much again", async () => {
  await using stage = setStage();
  const { client, clock, service } = stage;
  const first = await stage.live();
  const draining = heard(client, "server.draining");
  first.send({ type: "server.draining", reconnectInMs: 4_000 });
  await eventually("draining", () => draining.length > 0);
  first.close(1012);
  await eventually("offline", () => client.connection === "offline");
  clock.advance(5_999);
  await settle();
  equal(service.connections.length, 1);
  clock.advance(1);
  await service.connection();
});

Deno.test("after flooding it stays away for at least five seconds", async () => {
  await using stage = setStage();
  const { client, clock } = stage;
  const first = await stage.live();
  first.close(4429);
  await eventually("offline", () => client.connection === "offline");
  deepEqual(clock.waiting(), [5_250]);
});

Deno.test("a frame the service could not read is reported, and the connection made again", async () => {
  await using stage = setStage();
  const { client, clock, service, faults } = stage;
  const first = await stage.live();
  first.close(4400, "no such request");
  await eventually("offline", () => client.connection === "offline");
  const [fault] = faults.splice(0);
  equal(
    (fault as Error).message,
    "The service refused what this client sent: 4400 no such request",
  );
  clock.advance(250);
  await service.welcomed();
});

Deno.test("a frame this client cannot read is reported, and the connection made again", async () => {
  await using stage = setStage();
  const { client, clock, service, faults } = stage;
  const first = await stage.live();
  first.raw("{not json");
  await eventually("offline", () => client.connection === "offline");
  equal(faults.splice(0).length, 1);
  clock.advance(250);
  await service.welcomed();
});

Deno.test("an expired token on a live connection is renewed and the connection made again at once", async () => {
  await using stage = setStage();
  const { service } = stage;
  const first = await stage.live();
  first.close(4401);
  const second = await service.connection();
  equal((await second.take("hello")).token, "access-2");
});

Deno.test("a token refused again and again is not renewed without a pause", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  const first = await stage.live();
  first.close(4401);
  const second = await service.connection();
  second.refuse(await second.take("hello"), "token_expired");
  await eventually("offline", () => client.connection === "offline");
  equal(service.usedRefreshTokens.size, 1);
});

Deno.test("a revoked device is signed out", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  const first = await stage.live();
  const signedOut = heard(client, "signedOut");
  service.routes.set("POST /auth/refresh", () => {
    throw new Problem("token_revoked");
  });
  first.close(4401);
  await eventually("signed out", () => signedOut.length > 0);
  equal((signedOut[0] as ParleyError).code, "token_revoked");
  equal(client.connection, "closed");
  equal(await client.signedIn(), undefined);
});

Deno.test("the token of a live connection is renewed before it runs out", async () => {
  await using stage = setStage();
  const { clock } = stage;
  const connection = await stage.live({ heartbeatMs: 3_600_000 });
  await eventually("a plan", () => clock.waiting().includes(720_000));
  clock.advance(720_000);
  const refresh = await connection.take("refresh");
  equal(refresh.token, "access-2");
});

Deno.test("a silent connection is asked for a sign of life, and left when there is none", async () => {
  await using stage = setStage();
  const { client, clock, service } = stage;
  const pings: unknown[] = [];
  service.answer = (frame, to) => {
    if (frame.type !== "ping") return;
    pings.push(frame);
    if (pings.length === 1) to.reply(frame);
  };
  await stage.live({ heartbeatMs: 25_000 });
  clock.advance(49_999);
  await settle();
  equal(pings.length, 0);
  clock.advance(1);
  await eventually("the first ping", () => pings.length === 1);
  await settle();
  equal(client.connection, "live");
  clock.advance(50_000);
  await eventually("the second ping", () => pings.length === 2);
  clock.advance(9_999);
  await settle();
  equal(client.connection, "live");
  clock.advance(1);
  await eventually("offline", () => client.connection === "offline");
});

Deno.test("a connection that does not open in time counts as lost", async () => {
  await using stage = setStage();
  const { client, clock, service } = stage;
  await client.login(login);
  const connected = client.connect();
  const silent = await service.connection();
  await silent.take("hello");
  clock.advance(10_000);
  await eventually("offline", () => client.connection === "offline");
  clock.advance(250);
  await service.welcomed();
  await connected;
});

Deno.test("the browser's word that the network is back ends the wait", async () => {
  const network = new EventTarget();
  await using stage = setStage({ platform: { network } });
  const { client, service } = stage;
  const first = await stage.live();
  first.close(1001);
  await eventually("offline", () => client.connection === "offline");
  network.dispatchEvent(new Event("online"));
  await service.welcomed();
});

Deno.test("disconnect() ends it, and connect() begins anew from where it was", async () => {
  await using stage = setStage();
  const { client, service } = stage;
  const first = await stage.live({ cursor: "cursor-3" });
  client.disconnect();
  equal(client.connection, "closed");
  await eventually("the close", () => first.isClosed);
  const connected = client.connect();
  const second = await service.connection();
  equal((await second.take("hello")).cursor, "cursor-3");
  second.reply({ id: 0 }, welcomeOf(service.me));
  await connected;
});

Deno.test("disposing ends everything without signing out", async () => {
  const stage = setStage();
  const { client, service, clock } = stage;
  const connection = await stage.live();
  const pending = client.watch([]);
  pending.catch(() => {});
  await stage.client[Symbol.asyncDispose]();
  await rejects(pending, { code: "unavailable" });
  await eventually("the close", () => connection.isClosed);
  deepEqual(clock.waiting(), []);
  equal(service.calls.includes("POST /auth/logout"), false);
  await stage[Symbol.asyncDispose]();
});
