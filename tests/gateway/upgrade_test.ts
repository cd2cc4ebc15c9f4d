import assert from "node:assert/strict";
import type { ProblemDocument } from "../../src/protocol/problem.ts";
import { testApp } from "../support/app.ts";
import { rawSocket } from "./raw_socket.ts";
import { gatewayStage } from "./stage.ts";
import { createWorld } from "./world.ts";

for (
  const [offered, pinned] of [
    ["parley.v1", "parley.v1"],
    ["chat, parley.v1", "parley.v1"],
    ["parley.v2,parley.v1 , other", "parley.v1"],
  ] as const
) {
  Deno.test(`of the subprotocols "${offered}" the service picks its own`, async () => {
    await using stage = gatewayStage(createWorld());
    using socket = await rawSocket(stage.url, {
      "sec-websocket-protocol": offered,
    });
    assert.equal(socket.status, 101);
    assert.equal(socket.headers.get("sec-websocket-protocol"), pinned);
  });
}

for (
  const [what, headers] of [
    ["that offers no subprotocol", { "sec-websocket-protocol": undefined }],
    ["that offers another one", { "sec-websocket-protocol": "parley.v2" }],
    ["in other letters", { "sec-websocket-protocol": "PARLEY.V1" }],
    ["to something else", { upgrade: "h2c" }],
    ["that is none", { upgrade: undefined }],
    ["without a key", { "sec-websocket-key": undefined }],
    ["without a connection header", { connection: undefined }],
    ["of another version", { "sec-websocket-version": "8" }],
    ["without a version", { "sec-websocket-version": undefined }],
  ] as const
) {
  Deno.test(`an upgrade ${what} is a problem, not a socket`, async () => {
    await using stage = gatewayStage(createWorld());
    using socket = await rawSocket(stage.url, headers);
    assert.equal(socket.status, 400);
    assert.equal(stage.gateway.connections, 0);
  });
}

Deno.test("the service says clearly what is wrong with an upgrade, and counts it as no fault of its own", async () => {
  await using service = await testApp();
  for (const protocols of [undefined, "other"]) {
    const response = await fetch(`${service.url}/api/v1/ws`, {
      headers: {
        upgrade: "websocket",
        ...(protocols && { "sec-websocket-protocol": protocols }),
      },
    });
    assert.equal(response.status, 400);
    assert.equal(
      response.headers.get("content-type"),
      "application/problem+json",
    );
    const problem = await response.json() as ProblemDocument;
    assert.equal(problem.code, "invalid_input");
    assert.match(problem.detail!, /WebSocket|parley\.v1/);
  }
  using keyless = await rawSocket(service.url, {
    "sec-websocket-key": undefined,
  });
  assert.equal(keyless.status, 400);
  assert.equal(
    keyless.headers.get("content-type"),
    "application/problem+json",
  );
  assert.deepEqual(service.complaints, []);
});
