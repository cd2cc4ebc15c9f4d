import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { closed } from "./closed.ts";
import {
  codesOf,
  type OpenApi,
  type Operation,
  operationsOf,
  problemType,
} from "./operations.ts";

/** Checks answers against the document that promises them. */
export interface Judge {
  /** Throws for an answer that is not documented, and returns its body. */
  check(method: string, path: string, response: Response): Promise<unknown>;
  /** What has been seen: `<operationId> <status>` and `<operationId> <code>`. */
  readonly seen: Set<string>;
}

export function createJudge(document: OpenApi): Judge {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(closed(document), "document");
  const operations = operationsOf(document).map((operation) => ({
    operation,
    pattern: new RegExp(
      `^${operation.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`,
    ),
  }));
  const seen = new Set<string>();

  function find(method: string, path: string): Operation {
    const pathname = path.split("?")[0]!;
    const found = operations.find(({ operation, pattern }) =>
      operation.method === method && pattern.test(pathname)
    );
    assert.ok(found, `${method} ${path} is not documented`);
    return found.operation;
  }

  return {
    seen,
    async check(method, path, response) {
      const operation = find(method, path);
      const { operationId } = operation;
      const { status, headers } = response;
      const text = await response.text();
      const what = `${operationId} answered ${status}: ${text.slice(0, 300)}`;
      const documented = operation.responses[status];
      assert.ok(documented, `${what}, which is not documented`);
      seen.add(`${operationId} ${status}`);
      for (const name of Object.keys(documented.headers ?? {})) {
        assert.ok(headers.has(name), `${what}, without ${name}`);
      }
      if (documented.content === undefined) {
        assert.equal(text, "", what);
        return undefined;
      }
      const type = headers.get("content-type")!.split(";")[0]!;
      assert.ok(type in documented.content, `${what}, as ${type}`);
      if (!type.includes("json")) return text;

      const body = JSON.parse(text);
      const { path: route, method: verb } = operation;
      const pointer = ["paths", route, verb.toLowerCase(), "responses", status]
        .concat("content", type, "schema")
        .map((part) =>
          encodeURIComponent(
            String(part).replaceAll("~", "~0").replaceAll("/", "~1"),
          )
        )
        .join("/");
      const validate = ajv.getSchema(`document#/${pointer}`)!;
      assert.ok(validate(body), `${what}: ${ajv.errorsText(validate.errors)}`);
      if (type === problemType) {
        assert.ok(codesOf(operation).includes(body.code), what);
        seen.add(`${operationId} ${body.code}`);
      }
      return body;
    },
  };
}
