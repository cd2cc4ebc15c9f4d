import assert from "node:assert/strict";
import { Event } from "../../src/protocol/events.ts";
import {
  ClientFrame,
  closeCodes,
  HelloFrame,
  replyData,
  ReplyFrame,
} from "../../src/protocol/frames.ts";
import { frameChecker, readAsyncApi } from "./asyncapi.ts";
import { readDocument } from "./service.ts";

const requests = ["hello"].concat(
  ClientFrame.options.map(({ shape }) => shape.type.value),
);
const events: string[] = Event.options.map(({ shape }) => shape.type.value);
const inChannel = (name: string) => ({
  $ref: `#/channels/connection/messages/${name}`,
});

Deno.test("every request has an operation with its replies, and events are sent", async () => {
  const { operations } = await readAsyncApi();
  assert.deepEqual(Object.keys(operations), [...requests, "events"]);
  assert.deepEqual(Object.keys(replyData), requests);
  for (const type of requests) {
    const { action, messages, reply } = operations[type]!;
    assert.equal(action, "receive");
    assert.deepEqual(messages, [inChannel(`request.${type}`)]);
    assert.deepEqual(
      reply?.messages,
      [inChannel(`reply.${type}`), inChannel("reply.error")],
    );
  }
  assert.equal(operations.events!.action, "send");
  assert.deepEqual(operations.events!.messages, events.map(inChannel));
});

Deno.test("every message of the protocol is in the channel, and no other", async () => {
  const { channels, components } = await readAsyncApi();
  const expected = [
    ...requests.flatMap((type) => [`request.${type}`, `reply.${type}`]),
    "reply.error",
    ...events,
  ];
  assert.deepEqual(Object.keys(components.messages), expected);
  assert.deepEqual(Object.keys(channels.connection.messages), expected);
});

Deno.test("every example is a frame that the protocol takes", async () => {
  const document = await readAsyncApi();
  const check = frameChecker(document);
  for (
    const [name, { examples }] of Object.entries(document.components.messages)
  ) {
    for (const { payload } of examples) {
      check(name, payload);
      const schema = name === "request.hello"
        ? HelloFrame
        : name.startsWith("request.")
        ? ClientFrame
        : name.startsWith("reply.")
        ? ReplyFrame
        : Event;
      schema.parse(payload);
    }
  }
});

Deno.test("every close code of the protocol says what it means", async () => {
  const { channels } = await readAsyncApi();
  const codes = channels.connection["x-close-codes"];
  assert.ok(codes.every(({ reason }) => reason !== ""));
  const listed = codes.map(({ code }) => code);
  assert.deepEqual(listed, [...new Set(listed)].sort((a, b) => a - b));
  for (const code of Object.values(closeCodes)) {
    assert.ok(listed.includes(code), String(code));
  }
});

Deno.test("every reference leads somewhere, and every schema is referred to", async () => {
  const document = await readAsyncApi();
  const text = await readDocument("asyncapi.json");
  const refs = new Set(
    [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref!),
  );
  for (const ref of refs) {
    const found = ref.split("/").slice(1).reduce<unknown>(
      (part, key) => (part as Record<string, unknown> | undefined)?.[key],
      document,
    );
    assert.ok(found !== undefined, ref);
  }
  for (const name of Object.keys(document.components.schemas)) {
    assert.ok(refs.has(`#/components/schemas/${name}`), name);
  }
});
