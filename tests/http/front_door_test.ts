import assert from "node:assert/strict";
import { z } from "zod";
import { createFrontDoor } from "../../src/http/front_door.ts";
import { createRateLimit } from "../../src/http/rate_limit.ts";
import { body, json, openRoute } from "../../src/http/route.ts";
import { createLog } from "../../src/lib/log.ts";
import { UserId } from "../../src/protocol/ids.ts";
import { limits } from "../../src/protocol/limits.ts";
import { Problem } from "../../src/protocol/problem.ts";

const Greeting = z.object({ text: z.string() });

/** A front door with a few routes, and the lines it logged. */
function door(
  { https = false, trustedProxies = 0, burst = 1000, draining = false } = {},
) {
  const lines: Record<string, unknown>[] = [];
  const router = createFrontDoor({
    log: createLog({
      level: "debug",
      write: (line) => lines.push(JSON.parse(line)),
    }),
    https,
    trustedProxies,
    perIp: createRateLimit({ burst, perSecond: 1 }, () => 0),
    isDraining: () => draining,
  });
  const text = { 200: json(Greeting, "A text") };

  router.openapi(
    openRoute({
      method: "get",
      path: "/users/{userId}",
      request: { params: z.object({ userId: UserId }) },
      responses: text,
    }),
    (c) => c.json({ text: c.req.valid("param").userId }, 200),
  );
  router.openapi(
    openRoute({
      method: "post",
      path: "/echo",
      request: { body: body(z.strictObject({ text: z.string() })) },
      responses: text,
    }),
    (c) => c.json(c.req.valid("json"), 200),
  );
  router.get("/fail/:with", (c) => {
    switch (c.req.param("with")) {
      case "busy":
        throw new Problem("unavailable", { retryAfterMs: 1200 });
      case "signed-out":
        throw new Problem("unauthenticated");
      default:
        throw new Error("select secret from users");
    }
  });
  router.get("/page", (c) => {
    c.header("content-security-policy", "default-src 'self'");
    return c.html("<p>");
  });
  return { router, lines };
}

const post = (
  body: BodyInit,
  headers: Record<string, string> = { "content-type": "application/json" },
) => ({ method: "POST", body, headers });

async function problem(response: Response, status: number, code: string) {
  const document = await response.json();
  assert.equal(response.status, status, JSON.stringify(document));
  assert.equal(document.code, code);
  assert.equal(document.status, status);
  assert.equal(
    response.headers.get("content-type"),
    "application/problem+json",
  );
  return document;
}

Deno.test("a problem is rendered with the headers of its status", async () => {
  const { router, lines } = door();
  const busy = await router.request("/fail/busy");
  const document = await problem(busy, 503, "unavailable");
  assert.equal(document.retryAfterMs, 1200);
  assert.equal(busy.headers.get("retry-after"), "2");
  const out = await router.request("/fail/signed-out");
  await problem(out, 401, "unauthenticated");
  assert.equal(out.headers.get("www-authenticate"), "Bearer");
  assert.ok(lines.every(({ level }) => level !== "error"));
});

Deno.test("an unknown error is logged once, with the request's id, and tells nothing", async () => {
  const { router, lines } = door();
  const response = await router.request("/fail/hard");
  const document = await problem(response, 500, "internal");
  assert.ok(!JSON.stringify(document).includes("secret"));
  const errors = lines.filter(({ level }) => level === "error");
  assert.equal(errors.length, 1);
  assert.match(JSON.stringify(errors[0]), /select secret/);
  assert.equal(errors[0]!.requestId, response.headers.get("x-request-id"));
});

Deno.test("what is not there answers not_found", async () => {
  const { router } = door();
  for (
    const [path, method] of [
      ["/nothing", "GET"],
      ["/echo", "GET"],
      ["/echo/", "POST"],
      ["/users", "DELETE"],
      ["/%", "GET"],
      ["/%00", "GET"],
    ] as const
  ) {
    await problem(
      await router.request(path, { method }),
      404,
      "not_found",
    );
  }
});

Deno.test("a malformed path parameter is the client's fault", async () => {
  const { router } = door();
  for (const part of ["x", "%ff", "%", "%00", "..%2f..", "a".repeat(5000)]) {
    const response = await router.request(`/users/${part}`);
    const document = await problem(response, 400, "invalid_input");
    assert.deepEqual(
      document.errors.map(({ path }: { path: string }) => path),
      [
        "userId",
      ],
    );
  }
});

Deno.test("an id is read in any case and answered in lower case", async () => {
  const { router } = door();
  const userId = crypto.randomUUID();
  const response = await router.request(`/users/${userId.toUpperCase()}`);
  assert.deepEqual(await response.json(), { text: userId });
});

Deno.test("a JSON body is read whatever its media type's parameters and casing", async () => {
  const { router } = door();
  for (
    const type of [
      "application/json",
      "Application/JSON; charset=utf-8",
      "application/json;charset=UTF-8",
    ]
  ) {
    const response = await router.request(
      "/echo",
      post('{"text":"é"}', { "content-type": type }),
    );
    assert.deepEqual(await response.json(), { text: "é" }, type);
  }
});

Deno.test("a body that is not JSON by name is unsupported_media", async () => {
  const { router } = door();
  for (
    const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "application/jsonp",
      "application/problem+json",
      "",
    ]
  ) {
    const response = await router.request(
      "/echo",
      post('{"text":""}', { "content-type": type }),
    );
    await problem(response, 415, "unsupported_media");
  }
});

Deno.test("a body that cannot be read is invalid_input", async () => {
  const { router } = door();
  const bodies: Record<string, BodyInit> = {
    "nothing": "",
    "not JSON": "{text}",
    "half": '{"text":"',
    "not UTF-8": Uint8Array.fromHex("7b2274657874223a22ff227d"),
    "UTF-16": Uint8Array.fromHex("fffe7b002200"),
    "an array": "[]",
    "null": "null",
    "a wrong type": '{"text":1}',
    "an unknown field": '{"text":"","admin":true}',
    "a poisoned prototype": '{"text":"","__proto__":{"admin":true}}',
    "very deep": "[".repeat(100_000),
    "very deep and closed": "[".repeat(100_000) + "]".repeat(100_000),
  };
  for (const [name, body] of Object.entries(bodies)) {
    const response = await router.request("/echo", post(body));
    await problem(response, 400, "invalid_input").catch((cause) => {
      throw new Error(name, { cause });
    });
  }
});

Deno.test("invalid input names each path", async () => {
  const { router } = door();
  const response = await router.request("/echo", post('{"text":1}'));
  const { errors } = await problem(response, 400, "invalid_input");
  assert.deepEqual(errors.map(({ path }: { path: string }) => path), ["text"]);
});

Deno.test("a body past the limit is too_large, with or without its length", async () => {
  const { router } = door();
  const fitting = JSON.stringify({ text: "x".repeat(limits.bodyBytes - 11) });
  assert.equal(fitting.length, limits.bodyBytes);
  const chunked = (text: string) =>
    ReadableStream.from([...text.matchAll(/.{1,10000}/g)].map(([part]) => part))
      .pipeThrough(new TextEncoderStream());
  for (const body of [fitting, chunked(fitting)]) {
    assert.equal((await router.request("/echo", post(body))).status, 200);
  }
  for (const body of [`${fitting} `, chunked(`${fitting} `)]) {
    await problem(
      await router.request("/echo", post(body)),
      413,
      "too_large",
    );
  }
});

Deno.test("a body is read over a real connection, and one that breaks off is nobody's fault here", async () => {
  const { router, lines } = door();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request, info) => router.fetch(request, info),
  );
  const { port } = server.addr;
  const headers = "Host: x\r\nContent-Type: application/json\r\n";
  const send = async (rest: string) => {
    using connection = await Deno.connect({ port, hostname: "127.0.0.1" });
    const request = `POST /echo HTTP/1.1\r\n${headers}${rest}`;
    await connection.write(new TextEncoder().encode(request));
    if (!rest.endsWith("}") && !rest.endsWith("0\r\n\r\n")) return;
    const bytes = new Uint8Array(4096);
    const length = await connection.read(bytes);
    return new TextDecoder().decode(bytes.subarray(0, length!)).slice(9, 12);
  };
  try {
    const whole = '{"text":"x"}';
    assert.equal(await send(`Content-Length: 12\r\n\r\n${whole}`), "200");
    const chunks = `c\r\n${whole}\r\n0\r\n\r\n`;
    assert.equal(
      await send(`Transfer-Encoding: chunked\r\n\r\n${chunks}`),
      "200",
    );
    assert.equal(await send("Content-Length: 262145\r\n\r\n{}"), "413");
    await send("Content-Length: 100\r\n\r\n{");
    await send("Transfer-Encoding: chunked\r\n\r\n5\r\n{");
    while (lines.length < 5) await new Promise((done) => setTimeout(done, 5));
  } finally {
    await server.shutdown();
  }
  assert.deepEqual(lines.map(({ status }) => status), [
    200,
    200,
    413,
    400,
    400,
  ]);
});

Deno.test("every answer has the security headers", async () => {
  const { router } = door({ https: true });
  for (const path of ["/nothing", "/fail/hard", "/page"]) {
    const { headers } = await router.request(path);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
    assert.equal(headers.get("cache-control"), "no-store");
    assert.match(headers.get("strict-transport-security")!, /max-age=\d{8}/);
    assert.equal(headers.get("access-control-allow-credentials"), null);
    assert.equal(
      headers.get("content-security-policy"),
      path === "/page"
        ? "default-src 'self'"
        : "default-src 'none'; frame-ancestors 'none'",
    );
  }
  const plain = await door().router.request("/nothing");
  assert.equal(plain.headers.get("strict-transport-security"), null);
});

Deno.test("a page of another origin may call with a bearer token, without credentials", async () => {
  const { router } = door();
  const response = await router.request("/echo", {
    method: "OPTIONS",
    headers: {
      origin: "https://elsewhere.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type",
    },
  });
  assert.equal(response.status, 204);
  const { headers } = response;
  assert.equal(headers.get("access-control-allow-origin"), "*");
  assert.match(headers.get("access-control-allow-headers")!, /authorization/);
  assert.equal(headers.get("access-control-allow-credentials"), null);
});

Deno.test("a request leaves one line, without its path, query or token", async () => {
  const { router, lines } = door();
  const id = crypto.randomUUID();
  const response = await router.request(`/users/${id}?token=secret`, {
    headers: { authorization: "Bearer secret" },
  });
  assert.equal(lines.length, 1);
  const [{ ms, time: _, ...line }] = lines as [Record<string, unknown>];
  assert.deepEqual(line, {
    level: "info",
    message: "request",
    requestId: response.headers.get("x-request-id"),
    method: "GET",
    route: "/users/:userId",
    status: 200,
  });
  assert.equal(typeof ms, "number");
});

Deno.test("each address has its own limit, which health checks do not use up", async () => {
  const { router } = door({ burst: 2 });
  const from = (hostname: string, path = "/page") =>
    router.request(path, {}, { remoteAddr: { hostname } });
  for (let i = 0; i < 5; i++) await from("192.0.2.1", "/health/live");
  assert.equal((await from("192.0.2.1")).status, 200);
  assert.equal((await from("192.0.2.1")).status, 200);
  const refused = await from("192.0.2.1");
  const { retryAfterMs } = await problem(refused, 429, "rate_limited");
  assert.equal(retryAfterMs, 1000);
  assert.equal(refused.headers.get("retry-after"), "1");
  assert.equal((await from("192.0.2.2")).status, 200);
});

Deno.test("a service that is about to stop takes no new work, and tells who asks for its health", async () => {
  const { router } = door({ draining: true });
  router.get("/health/live", (c) => c.text("alive"));
  await problem(
    await router.request("/echo", post('{"text":"late"}')),
    503,
    "unavailable",
  );
  assert.equal((await router.request("/health/live")).status, 200);
});

Deno.test("behind a proxy the address is the one the proxy saw, not the one the client claims", async () => {
  const { router } = door({ burst: 1, trustedProxies: 1 });
  const from = (forwarded: string) =>
    router.request("/page", { headers: { "x-forwarded-for": forwarded } }, {
      remoteAddr: { hostname: "10.0.0.1" },
    });
  assert.equal((await from("1.1.1.1, 192.0.2.1")).status, 200);
  assert.equal((await from("2.2.2.2, 192.0.2.1")).status, 429);
  assert.equal((await from("1.1.1.1, 192.0.2.2")).status, 200);
});
