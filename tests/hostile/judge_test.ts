import assert from "node:assert/strict";
import { createHttpJudge } from "./judge.ts";
import type { OpenApi } from "./operations.ts";

const problem = {
  content: {
    "application/problem+json": {
      schema: {
        type: "object",
        properties: { code: { type: "string" } },
      },
    },
  },
};

const document = {
  paths: {
    "/things/{thingId}": {
      put: {
        operationId: "putThing",
        requestBody: {
          content: {
            "application/json": {
              schema: {
                type: "object",
                properties: { size: { type: "integer" } },
                additionalProperties: false,
              },
            },
          },
        },
        responses: {
          200: {
            content: {
              "application/json": { schema: { type: "string" } },
            },
          },
          204: {},
          404: problem,
        },
      },
    },
  },
  components: { schemas: {} },
} as unknown as OpenApi;

const { judge } = createHttpJudge(document);

function answerTo(
  body: string,
  [status, type, said]: readonly [number, string, string],
) {
  const asked = {
    method: "PUT",
    target: "/things/1?a=b",
    body: new TextEncoder().encode(body),
  };
  const headers = new Headers(type === "" ? {} : { "content-type": type });
  return () => judge(asked, { status, headers, body: said });
}

const good = '{"size":1}';
const problemType = "application/problem+json";

for (
  const [what, body, answer] of [
    ["a success that is documented", good, [200, "application/json", '"ok"']],
    ["a success without a body", good, [204, "", ""]],
    [
      "a problem that is documented",
      "[]",
      [404, problemType, '{"code":"not_found"}'],
    ],
    ["a refusal of what is not HTTP", good, [431, "", ""]],
  ] as const
) {
  Deno.test(`the judge accepts ${what}`, () => {
    assert.doesNotThrow(answerTo(body, answer));
  });
}

for (
  const [what, body, answer, why] of [
    [
      "a failure",
      good,
      [500, problemType, '{"code":"internal"}'],
      /failed/,
    ],
    ["a status nobody documented", good, [202, "", ""], /202 is not/],
    [
      "a body of another type",
      good,
      [200, "text/plain", "ok"],
      /text\/plain is not/,
    ],
    [
      "a body off its schema",
      good,
      [200, "application/json", "1"],
      /must be string/,
    ],
    [
      "a field nobody documented",
      good,
      [404, problemType, '{"code":"not_found","hash":"x"}'],
      /additional properties/,
    ],
    ["a body where none is documented", good, [204, "", "x"], /nobody/],
    [
      "a stack",
      good,
      [404, problemType, '{"code":"a\\n    at run (file:///srv/x.ts:1:2)"}'],
      /inside/,
    ],
    [
      "SQL",
      good,
      [404, problemType, '{"code":"select secret from users where x"}'],
      /inside/,
    ],
    [
      "that a body was taken which the schema refuses",
      '{"size":1,"more":2}',
      [204, "", ""],
      /schema refuses/,
    ],
    [
      "that a body was taken which is no JSON",
      "{",
      [204, "", ""],
      /schema refuses/,
    ],
  ] as const
) {
  Deno.test(`the judge objects to ${what}`, () => {
    assert.throws(answerTo(body, answer), why);
  });
}
