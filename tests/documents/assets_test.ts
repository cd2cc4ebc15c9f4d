import assert from "node:assert/strict";
import { routesAlone } from "./service.ts";

const served = {
  "/api/openapi.json": "application/json",
  "/api/asyncapi.json": "application/json",
  "/api/docs": "text/html; charset=utf-8",
  "/api/docs/websocket": "text/html; charset=utf-8",
  "/api/docs/page.css": "text/css; charset=utf-8",
  "/api/docs/rest.js": "text/javascript; charset=utf-8",
  "/api/docs/swagger-ui.css": "text/css; charset=utf-8",
  "/api/docs/swagger-ui-bundle.js": "text/javascript; charset=utf-8",
  "/api/docs/favicon-32x32.png": "image/png",
};

Deno.test("documents and pages are the same with and without compression", async () => {
  const router = routesAlone();
  for (const [path, type] of Object.entries(served)) {
    const plain = await router.request(path);
    assert.equal(plain.status, 200, path);
    assert.equal(plain.headers.get("content-type"), type);
    assert.equal(plain.headers.get("content-encoding"), null);
    const packed = await router.request(path, {
      headers: { "accept-encoding": "br, gzip" },
    });
    assert.equal(packed.headers.get("content-encoding"), "gzip");
    assert.equal(packed.headers.get("vary"), "accept-encoding");
    assert.equal(packed.headers.get("etag"), plain.headers.get("etag"));
    const unpacked = packed.body!.pipeThrough(new DecompressionStream("gzip"));
    assert.deepEqual(
      await new Response(unpacked).bytes(),
      await plain.bytes(),
    );
  }
});

Deno.test("who refuses gzip gets none", async () => {
  for (const accepted of ["identity", "gzip;q=0", "gzip; q=0.0, br", ""]) {
    const response = await routesAlone().request("/api/openapi.json", {
      headers: { "accept-encoding": accepted },
    });
    assert.equal(response.headers.get("content-encoding"), null, accepted);
    assert.equal((await response.json()).openapi, "3.1.0");
  }
});

Deno.test("what the client has already is not sent again", async () => {
  const router = routesAlone();
  const etag = (await router.request("/api/docs")).headers.get("etag")!;
  assert.match(etag, /^W\/"[0-9a-f]{32}"$/);
  const strong = etag.slice(2);
  for (const known of [etag, strong, `"other", ${etag}`, "*"]) {
    const response = await router.request("/api/docs", {
      headers: { "if-none-match": known },
    });
    assert.equal(response.status, 304, known);
    assert.equal(await response.text(), "");
    assert.equal(response.headers.get("etag"), etag);
    assert.equal(response.headers.get("cache-control"), "public, no-cache");
  }
  for (const unknown of ['"other"', 'W/"other"', ""]) {
    const response = await router.request("/api/docs", {
      headers: { "if-none-match": unknown },
    });
    assert.equal(response.status, 200, unknown);
  }
});

Deno.test("only what the pages load is served beside them", async () => {
  for (
    const file of [
      "index.html",
      "swagger-ui-bundle.js.map",
      "package.json",
      "constructor.js",
      "..%2f..%2froutes.ts",
      "page.css%00",
    ]
  ) {
    const response = await routesAlone().request(`/api/docs/${file}`);
    assert.equal(response.status, 404, file);
    assert.equal((await response.json()).code, "not_found");
  }
});

Deno.test("a start loads nothing of what makes the documents", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "src/main.ts"],
  }).output();
  const { modules, roots } = JSON.parse(new TextDecoder().decode(stdout));
  interface Dependency {
    isDynamic?: boolean;
    code?: { specifier?: string };
  }
  const dependencies = new Map<string, Dependency[]>(
    modules.map((
      { specifier, dependencies = [] }: {
        specifier: string;
        dependencies?: Dependency[];
      },
    ) => [specifier, dependencies]),
  );
  const loaded = new Set<string>(roots);
  for (const specifier of loaded) {
    for (const { isDynamic, code } of dependencies.get(specifier) ?? []) {
      if (!isDynamic && code?.specifier) loaded.add(code.specifier);
    }
  }
  const named = (part: string) =>
    [...loaded].filter((specifier) => specifier.includes(part))
      .map((specifier) => specifier.split("/").at(-1));
  assert.deepEqual(named("swagger-ui"), []);
  assert.deepEqual(named("/documents/").sort(), ["asset.ts", "routes.ts"]);
});
