import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { closed } from "./closed.ts";
import { meant, type OpenApi, type Route, routesOf } from "./operations.ts";
import type { RawAnswer } from "./raw_http.ts";

/** What a request was, as far as its answer depends on it. */
export interface Asked {
  readonly method: string;
  readonly target: string;
  readonly body: Uint8Array;
}

export interface HttpJudge {
  readonly routes: readonly Route[];
  /** Throws what is wrong with an answer. */
  judge(asked: Asked, answer: RawAnswer): void;
}

/** A stack, a file of ours, or SQL. */
const leak =
  /\n\s+at |file:\/\/|node_modules|\.ts:\d|PostgresError|SQLSTATE|\b(select|insert into|update|delete from)\b.+\b(from|values|set|where)\b/i;

/** Statuses with which the server under the service refuses what is not HTTP at all. */
const beforeHttp = [400, 414, 431, 505];

export function createHttpJudge(document: OpenApi): HttpJudge {
  const ajv = new Ajv2020({ strict: false, unicodeRegExp: true });
  // deno-lint-ignore no-explicit-any -- the package's types are those of CommonJS
  (addFormats as any)(ajv);
  ajv.addSchema({ $id: "api", ...closed(document) });
  const compiled = new Map<string, ValidateFunction>();
  const routes = routesOf(document);

  function check(pointer: string[], value: unknown): string | undefined {
    const $ref = "api#/" + pointer.map(escaped).join("/");
    let validate = compiled.get($ref);
    if (!validate) compiled.set($ref, validate = ajv.compile({ $ref }));
    if (validate(value)) return undefined;
    return ajv.errorsText(validate.errors);
  }

  /** What keeps the answer from being one that the route documents. */
  function mismatch(route: Route, { method }: Asked, answer: RawAnswer) {
    const { status, body } = answer;
    const documented = route.operation.responses[status];
    if (!documented) return `${status} is not documented`;
    const contents = documented.content;
    if (!contents) return body === "" ? undefined : "a body nobody documented";
    const type = answer.headers.get("content-type")?.split(";")[0] ?? "";
    if (!contents[type]) return `${type} is not documented`;
    if (method === "HEAD" || !type.endsWith("json")) return undefined;
    const operation = [route.path, route.method.toLowerCase()];
    const schema = ["content", type, "schema"];
    return check(
      ["paths", ...operation, "responses", String(status), ...schema],
      JSON.parse(body),
    );
  }

  /** Whether the route's schema takes the body; undefined for a route without one. */
  function fitsBody(route: Route, body: Uint8Array): boolean | undefined {
    if (!route.operation.requestBody) return undefined;
    let value: unknown;
    try {
      value = JSON.parse(
        new TextDecoder("utf-8", { fatal: true }).decode(body),
      );
    } catch {
      return false;
    }
    const operation = [route.path, route.method.toLowerCase()];
    const schema = ["requestBody", "content", "application/json", "schema"];
    return check(["paths", ...operation, ...schema], value) === undefined;
  }

  return {
    routes,
    judge(asked, answer) {
      const { status, body, headers } = answer;
      if (status >= 500) throw new Error(`The service failed: ${body}`);
      if (leak.test(body) && !isPage(headers)) {
        throw new Error("It shows its inside");
      }
      if (isRefusedBeforeRouting(asked, answer)) return;
      const candidates = meant(routes, asked.method, asked.target);
      const faults = candidates.map((route) => mismatch(route, asked, answer));
      const isDocumented = candidates.length === 0
        ? isNowhere(asked, answer)
        : faults.includes(undefined);
      if (!isDocumented) {
        throw new Error(`Not documented: ${faults.join("; ") || "no route"}`);
      }
      const [route] = candidates;
      if (route && status < 300 && fitsBody(route, asked.body) === false) {
        throw new Error("It took a body that its schema refuses");
      }
    },
  };
}

const escaped = (part: string) =>
  encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));

const isPage = (headers: Headers) =>
  /^text\/|javascript/.test(headers.get("content-type") ?? "");

const isRefusedBeforeRouting = (_: Asked, { status, body }: RawAnswer) =>
  body === "" && beforeHttp.includes(status);

/** What is answered where no route is: a problem, a preflight, or one of the files of the pages. */
function isNowhere({ method, target }: Asked, answer: RawAnswer): boolean {
  const { status, body, headers } = answer;
  if (method === "OPTIONS" && status === 204) return true;
  if (target.startsWith("/api/docs/") && status < 400) return true;
  if (status !== 404 && status !== 429) return false;
  if (method === "HEAD") return true;
  return headers.get("content-type") === "application/problem+json" &&
    ["not_found", "rate_limited"].includes(JSON.parse(body).code);
}
