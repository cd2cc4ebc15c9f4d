import assert from "node:assert/strict";
import { asyncApiDocument } from "../../src/http/documents/asyncapi.ts";
import type { ServerFrame } from "../../src/protocol/frames.ts";
import type { AsyncApi } from "./frame_cases.ts";
import { createFrameJudge } from "./frame_judge.ts";

const document = asyncApiDocument({
  version: "0",
  publicUrl: "http://parley.test",
}) as unknown as AsyncApi;
const { judge } = createFrameJudge(document);

const ping = '{"type":"ping","id":1}';
const pong = { type: "reply", id: 1, ok: true, data: {} } as const;
const refusal = (code: string) => ({
  type: "reply",
  id: 1,
  ok: false,
  error: { type: "about:blank", title: "No", status: 400, code },
});

function heard(sent: string, frames: unknown[], closed?: number) {
  return () =>
    judge({
      isFirst: false,
      sent,
      frames: frames as ServerFrame[],
      closed,
    });
}

Deno.test("the judge of frames accepts what the document says", () => {
  assert.doesNotThrow(heard(ping, [pong]));
  assert.doesNotThrow(heard(ping, [refusal("rate_limited")]));
  const unknown = '{"type":"shout","id":1}';
  assert.doesNotThrow(heard(unknown, [refusal("invalid_input")], 4400));
  assert.doesNotThrow(heard("{", [], 4400));
});

for (
  const [what, sent, frames, closed, why] of [
    ["no reply", ping, [], undefined, /0 replies/],
    ["two replies", ping, [pong, pong], undefined, /2 replies/],
    ["a fault", ping, [refusal("internal")], undefined, /failed/],
    ["a code nobody documented", ping, [refusal("oops")], undefined, /error/],
    [
      "data off its schema",
      ping,
      [{ ...pong, data: { extra: 1 } }],
      undefined,
      /reply\.ping/,
    ],
    ["an unknown event", ping, [pong, { type: "x" }], undefined, /Not docu/],
    ["a close nobody documented", ping, [pong], 1011, /Closed with 1011/],
    [
      "an answer to what the schema refuses",
      '{"type":"ping","id":1,"more":1}',
      [pong],
      undefined,
      /Not documented|schema refuses/,
    ],
    [
      "silence to what the schema refuses",
      "{",
      [],
      undefined,
      /schema refuses/,
    ],
  ] as const
) {
  Deno.test(`the judge of frames objects to ${what}`, () => {
    assert.throws(heard(sent, [...frames], closed), why);
  });
}
