import assert from "node:assert/strict";
import { z } from "zod";
import { createBearer } from "../../src/http/bearer.ts";
import type { Caller } from "../../src/http/env.ts";
import { createFrontDoor } from "../../src/http/front_door.ts";
import { createRateLimit } from "../../src/http/rate_limit.ts";
import { body, callerRoute, json } from "../../src/http/route.ts";
import { createLog } from "../../src/lib/log.ts";
import type { DeviceId, UserId } from "../../src/protocol/ids.ts";
import { Problem } from "../../src/protocol/problem.ts";

const caller: Caller = {
  userId: crypto.randomUUID() as UserId,
  deviceId: crypto.randomUUID() as DeviceId,
  expiresAt: new Date(),
};

function door(burst = 100) {
  const unlimited = createRateLimit({ burst: 1e9, perSecond: 1 });
  const router = createFrontDoor({
    log: createLog({ level: "silent" }),
    https: false,
    trustedProxies: 0,
    perIp: unlimited,
  });
  const authenticate = (token: string) =>
    token === "good"
      ? Promise.resolve(caller)
      : Promise.reject(new Problem("token_revoked"));
  const bearer = createBearer({
    authenticate,
    recognise: authenticate,
    perDevice: createRateLimit({ burst, perSecond: 1 }, () => 0),
  });
  router.openapi(
    callerRoute(bearer, {
      method: "post",
      path: "/who",
      request: { body: body(z.strictObject({})) },
      responses: { 200: json(z.object({ userId: z.string() }), "Who") },
      problems: ["conflict"],
    }),
    (c) => c.json({ userId: c.var.caller.userId }, 200),
  );
  return router;
}

const who = (authorization?: string, body = "{}") => ({
  method: "POST",
  body,
  headers: {
    "content-type": "application/json",
    ...(authorization === undefined ? {} : { authorization }),
  },
});

Deno.test("bearer lets a valid token through and tells the handler who it is", async () => {
  for (const authorization of ["Bearer good", "bearer good", "BEARER  good"]) {
    const response = await door().request("/who", who(authorization));
    assert.deepEqual(await response.json(), { userId: caller.userId });
  }
});

Deno.test("bearer refuses everything else before it looks at the body", async () => {
  const cases: [string | undefined, string][] = [
    [undefined, "unauthenticated"],
    ["", "unauthenticated"],
    ["Bearer", "unauthenticated"],
    ["Bearer ", "unauthenticated"],
    ["Bearer good good", "unauthenticated"],
    ["Basic good", "unauthenticated"],
    ["good", "unauthenticated"],
    ["Bearer bad", "token_revoked"],
  ];
  for (const [authorization, code] of cases) {
    const response = await door().request("/who", who(authorization, "{bad"));
    assert.equal(response.status, 401);
    assert.equal(response.headers.get("www-authenticate"), "Bearer");
    assert.equal((await response.json()).code, code, authorization);
  }
});

Deno.test("bearer limits each device", async () => {
  const router = door(1);
  assert.equal((await router.request("/who", who("Bearer good"))).status, 200);
  const refused = await router.request("/who", who("Bearer good"));
  assert.equal((await refused.json()).code, "rate_limited");
});

Deno.test("a route documents every status it can answer with, and that it wants a token", () => {
  const { paths, openapi } = door().getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "x", version: "1" },
  });
  assert.equal(openapi, "3.1.0");
  const operation = paths!["/who"]!.post!;
  assert.deepEqual(Object.keys(operation.responses!).sort(), [
    "200",
    "400",
    "401",
    "409",
    "413",
    "415",
    "429",
    "500",
    "503",
  ]);
  assert.match(operation.responses!["401"].description, /token_revoked/);
  assert.deepEqual(operation.security, [{ bearer: [] }]);
  assert.deepEqual(Object.keys(operation).sort(), [
    "requestBody",
    "responses",
    "security",
  ]);
});
