import fc from "fast-check";
import type { IdName } from "./cast.ts";
import { idNames } from "./cast.ts";
import { nastyCursor, nastyText } from "./hostile_values.ts";
import type { Tree } from "./json_tree.ts";
import type { Operation, Route } from "./operations.ts";
import { near, type Schema, type Schemas, valid } from "./schema_arbitrary.ts";

/** A part of a path: an id, or text as it stands in the request line. */
type Part = { readonly id: IdName } | { readonly raw: string };

/** A request by somebody hostile, before its ids are known. */
export interface HttpCase {
  readonly path: string;
  readonly method: string;
  readonly parts: Readonly<Record<string, Part>>;
  readonly query: readonly (readonly [string, string])[];
  readonly token: "own" | "none" | string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Tree | null;
  readonly bytes: "json" | "cut" | "trailing" | "latin1" | "utf16" | "marked";
  readonly framing: "length" | "chunked";
}

/** Text as a path or a query has it. */
export const encoded = (text: string) =>
  encodeURIComponent(text.toWellFormed()).slice(0, 60_000);

/** Path text that no encoder would write. */
const rawPart: fc.Arbitrary<Part> = fc.oneof(
  fc.constantFrom(
    ...["%", "%zz", "%E0%A4%A", "%ff%fe", "%00", "%2F", "..", "%2e%2e", "me"],
    ...["a;b=c", "*", "a+b", "%252F", "@", ":", "x".repeat(9000), "%F0%9F"],
  ),
  nastyText.map(encoded).map((text) => text || "%20"),
).map((raw) => ({ raw }));

/** Ids of a kind, the author's own more often than not. */
function idParts(kind: string): fc.Arbitrary<Part> {
  const all = idNames.filter((name) => name.includes(kind));
  const own = all.filter((name) => name.startsWith("my"));
  return fc.oneof(fc.constantFrom(...own), fc.constantFrom(...all))
    .map((id) => ({ id }));
}

const emojiParts = fc.constantFrom("👍", "❤️", "🏴‍☠️").map((emoji): Part => ({
  raw: encodeURIComponent(emoji),
}));

/** What fits into each place of a path. */
const fitting: Record<string, fc.Arbitrary<Part>> = {
  chatId: idParts("Chat"),
  userId: idParts("User"),
  deviceId: idParts("Device"),
  messageId: idParts("Message"),
  // No invitation has such an id; what is done with one comes to the same.
  inviteId: idParts("Message"),
  code: fc.stringMatching(/^[A-Za-z0-9_-]{32}$/).map((raw) => ({ raw })),
  handle: fc.constantFrom("fuzzed", "nobodys").map((raw) => ({ raw })),
  emoji: emojiParts,
};

/** Ids of any kind, and no ids at all. */
const unfitting = fc.oneof(idParts(""), rawPart);

const junkHeaders = fc.array(
  fc.constantFrom<[string, string]>(
    ["content-type", "text/plain"],
    ["content-type", "application/json; charset=utf-16"],
    ["content-type", "Application/JSON ; charset=utf-8"],
    ["content-type", "application/json;;;"],
    ["content-type", "multipart/form-data"],
    ["content-type", "application/x-www-form-urlencoded"],
    ["content-type", ""],
    ["content-encoding", "gzip"],
    ["accept", "text/html"],
    ["accept-encoding", "gzip;q=1e400"],
    ["x-forwarded-for", "1.2.3.4, ::1, evil"],
    ["x-http-method-override", "DELETE"],
    ["if-none-match", '"x", W/"y", *'],
    ["range", "bytes=0-0,-1"],
    ["cookie", "__Secure-parley-refresh=garbage; a=" + "b".repeat(4000)],
    ["cookie", "=;;=__Secure-parley-refresh"],
    ["origin", "null"],
    ["access-control-request-method", "PUT"],
    ["upgrade", "websocket"],
    ["expect", "100-continue"],
    ["x-long", "y".repeat(15_000)],
    ["x-latin", "\xff\xfe\x80"],
  ),
  { maxLength: 2 },
);

const badTokens = fc.oneof(
  fc.constantFrom(
    "Bearer",
    "Bearer  ",
    "Basic YTpi",
    "Bearer a.b.c",
    "Bearer eyJhbGciOiJub25lIn0.e30.",
    `Bearer ${"a".repeat(20)}.${"b".repeat(20)}.${"c".repeat(86)}`,
    `Bearer ${"x".repeat(15_000)}`,
    "bearer \xff",
    "Bearer a b",
  ),
  fc.string({ maxLength: 30 }).map((made) =>
    `Bearer ${made.replaceAll(/[^!-~]/g, "")}`
  ),
);

/** Requests to every route of the document: valid ones, and what is nearly so. */
export const httpCases = (routes: readonly Route[], schemas: Schemas) =>
  fc.oneof(...routes.map((route) => casesOf(route, schemas)));

/** Most have one fault: with several, the first one found hides the others. */
function casesOf(route: Route, schemas: Schemas): fc.Arbitrary<HttpCase> {
  const sound = soundParts(route, schemas);
  const faulty = faultyParts(route, schemas);
  const weights = {
    ...{ method: 1, token: 1, headers: 1, bytes: 1 },
    ...{ parts: 4, query: 4, body: 6 },
  };
  const sites = Object.keys(weights) as (keyof typeof weights)[];
  return fc.oneof(
    { weight: 2, arbitrary: fc.record(sound) },
    { weight: 1, arbitrary: fc.record({ ...sound, ...faulty }) },
    ...sites.filter((site) => site in faulty).map((site) => ({
      weight: weights[site],
      arbitrary: fc.record({ ...sound, [site]: faulty[site]! }),
    })),
  );
}

type Parts = { [K in keyof HttpCase]: fc.Arbitrary<HttpCase[K]> };

const namesIn = (path: string) =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);

function soundParts(
  { method, path, operation }: Route,
  schemas: Schemas,
): Parts {
  const parameters = (operation.parameters ?? [])
    // What a cursor is made of, only the service knows.
    .filter(({ in: place, name }) => place === "query" && name !== "cursor");
  const schema = bodyOf(operation);
  return {
    path: fc.constant(path),
    method: fc.constant(method),
    parts: fc.record(
      Object.fromEntries(namesIn(path).map((name) => [name, fitting[name]!])),
    ),
    query: fc.tuple(
      ...parameters.map(({ name, required, schema }) => {
        const pair = valid(schema, schemas)
          .map((tree) => [name, plain(tree)] as const);
        return required ? pair : fc.option(pair, { freq: 1 });
      }),
    ).map((pairs) => pairs.filter((pair) => pair !== null)),
    token: fc.constant("own"),
    headers: fc.constant([]),
    body: schema ? valid(schema, schemas) : fc.constant(null),
    bytes: fc.constant("json"),
    framing: fc.constantFrom("length", "chunked"),
  };
}

/** A faulty part for each place where the route can have a fault. */
function faultyParts(
  { path, operation }: Route,
  schemas: Schemas,
): Partial<Parts> {
  const names = namesIn(path);
  const schema = bodyOf(operation);
  const onlyWith = <T>(has: boolean, faults: T) => has ? faults : {};
  return {
    method: fc.constantFrom(
      ...["HEAD", "OPTIONS", "TRACE", "GET", "POST", "PUT", "PATCH"],
      ...["DELETE", "PROPFIND", "get", "FOO"],
    ),
    token: fc.oneof(fc.constant("none"), badTokens),
    headers: junkHeaders,
    query: queries(operation),
    ...onlyWith(names.length > 0, {
      parts: fc.record(
        Object.fromEntries(
          names.map((name) => [name, fc.oneof(fitting[name]!, unfitting)]),
        ),
      ),
    }),
    body: schema ? near(schema, schemas) : near({ type: "object" }, schemas),
    ...onlyWith(schema !== undefined, {
      bytes: fc.constantFrom(
        ...["cut", "trailing", "latin1", "utf16", "marked"] as const,
      ),
    }),
  };
}

const bodyOf = ({ requestBody }: Operation): Schema | undefined =>
  requestBody?.content?.["application/json"]?.schema;

/** A value as a query has it. */
function plain(tree: Tree): string {
  if ("text" in tree) return tree.text;
  return "token" in tree ? tree.token.replaceAll('"', "") : "";
}

/** Parameters with values that they do not take, and some that nobody knows. */
function queries({ parameters = [] }: Operation) {
  const names = parameters.filter((one) => one.in === "query")
    .map(({ name }) => name);
  const numbers = ["1", "0", "-1", "me", "everyone", "01", "1e2", "1e400"];
  const value = fc.oneof(fc.constantFrom(...numbers), nastyText);
  const pair = (name: string) =>
    fc.tuple(fc.constant(name), name === "cursor" ? nastyCursor : value);
  const junk = fc.tuple(nastyText.map((made) => made.slice(0, 100)), value);
  const all = names.length === 0 ? junk : fc.oneof(
    { weight: 9, arbitrary: fc.oneof(...names.map(pair)) },
    { weight: 1, arbitrary: junk },
  );
  return fc.array(all, { minLength: 1, maxLength: 2 });
}
