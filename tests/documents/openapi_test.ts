import assert from "node:assert/strict";
import { problemKinds } from "../../src/protocol/problem.ts";
import { codesOf, operationsOf, readOpenApi } from "./operations.ts";
import { readDocument, routesAlone } from "./service.ts";

Deno.test("every route has an operation, and every operation a route", async () => {
  // What the pages load is not there to be called.
  const undocumented = [
    "GET /",
    "GET /api/docs/:file{[a-z0-9-]+\\.(css|js|png)}",
  ];
  const routes = new Set(
    routesAlone().routes
      .filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path}`),
  );
  const operations = operationsOf(await readOpenApi()).map(
    ({ method, path }) => `${method} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`,
  );
  assert.deepEqual(
    [...routes].sort(),
    [...operations, ...undocumented].sort(),
  );
});

Deno.test("every operation has a name of its own, a summary and a known tag", async () => {
  const document = await readOpenApi();
  const operations = operationsOf(document);
  const names = operations.map(({ operationId }) => operationId);
  assert.deepEqual(names, [...new Set(names)]);
  const tags = document.tags.map(({ name }) => name);
  for (const { operationId, summary, ...operation } of operations) {
    assert.match(operationId, /^[a-z][A-Za-z]+$/);
    assert.match(summary, /^[A-Z].*[^.]$/, operationId);
    assert.deepEqual(
      operation.tags.filter((tag) => !tags.includes(tag)),
      [],
      operationId,
    );
  }
  const used = operations.flatMap((operation) => operation.tags);
  assert.deepEqual(tags.filter((tag) => !used.includes(tag)), []);
});

Deno.test("every operation can succeed, and says how it fails", async () => {
  for (const operation of operationsOf(await readOpenApi())) {
    const { operationId, responses } = operation;
    const good = Object.keys(responses).filter((status) => status < "300");
    assert.ok(good.length > 0, operationId);
    const codes = codesOf(operation);
    assert.deepEqual(codes, [...new Set(codes)], operationId);
    for (const code of codes) {
      const { status } = problemKinds[code as keyof typeof problemKinds];
      assert.ok(String(status) in responses, `${operationId} ${code}`);
    }
  }
});

Deno.test("no schema is there for nothing", async () => {
  const text = await readDocument("openapi.json");
  const { components } = await readOpenApi();
  const unused = Object.keys(components.schemas).filter((name) =>
    !text.includes(`"#/components/schemas/${name}"`)
  );
  assert.deepEqual(unused, []);
});
