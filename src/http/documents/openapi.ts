import type { RouteConfig } from "@hono/zod-openapi";
import { z } from "zod";
import {
  Problem,
  type ProblemCode,
  type ProblemExtras,
  problemKinds,
} from "../../protocol/problem.ts";
import { problemMediaType } from "../problem.ts";
import { introduction, tags } from "./introduction.ts";
import { createSchemaBook, type Json, type SchemaBook } from "./schema_book.ts";

export interface Described {
  readonly version: string;
  /** Where clients reach the service, without a slash at the end. */
  readonly publicUrl: string;
}

/** The OpenAPI 3.1 document of the routes. */
export function openApiDocument(
  routes: readonly RouteConfig[],
  { version, publicUrl }: Described,
): Json {
  const book = createSchemaBook("draft-2020-12");
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    (paths[route.path] ??= {})[route.method] = operationOf(book, route);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Parley",
      version,
      summary: "Accounts, chats and messages that do not get lost",
      description: introduction,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: publicUrl, description: "This service" }],
    tags,
    paths,
    components: {
      schemas: book.named(),
      securitySchemes,
      headers,
      examples: problemExamples(),
    },
  };
}

const securitySchemes = {
  bearer: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "The `accessToken` of a session",
  },
  refreshCookie: {
    type: "apiKey",
    in: "cookie",
    name: "__Secure-parley-refresh",
    description: "The refresh token of a browser that asked for `cookie`",
  },
};

const headers = {
  RetryAfter: {
    description: "Seconds after which trying again makes sense",
    schema: { type: "integer", minimum: 0 },
  },
  Authenticate: {
    description: "How to authenticate (RFC 9110, section 11.6.1)",
    schema: { const: "Bearer" },
  },
};

/** The headers that go with the status of a problem. */
const headersOfStatus: Readonly<Record<string, Json>> = {
  401: { "WWW-Authenticate": { $ref: "#/components/headers/Authenticate" } },
  429: { "Retry-After": { $ref: "#/components/headers/RetryAfter" } },
  503: { "Retry-After": { $ref: "#/components/headers/RetryAfter" } },
};

const exampleExtras: { readonly [Code in ProblemCode]?: ProblemExtras } = {
  invalid_input: {
    errors: [{ path: "content.text", message: "Must not be empty" }],
  },
  rate_limited: { retryAfterMs: 1000 },
  unavailable: { retryAfterMs: 1000 },
};

const problemExamples = (): Json =>
  Object.fromEntries(
    (Object.keys(problemKinds) as ProblemCode[]).map((code) => [code, {
      summary: problemKinds[code].title,
      value: new Problem(code, exampleExtras[code]).document(),
    }]),
  );

function operationOf(book: SchemaBook, route: RouteConfig): Json {
  const { operationId, tags, summary, description, request, responses } = route;
  const parameters = [
    ...parametersOf(book, "path", request?.params),
    ...parametersOf(book, "query", request?.query),
  ];
  return {
    operationId,
    tags,
    summary,
    ...(description === undefined ? {} : { description }),
    security: route.security ?? [],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(request?.body
      ? { requestBody: showContent(request.body, book.input) }
      : {}),
    responses: Object.fromEntries(
      Object.entries(responses).map(([status, response]) => [
        status,
        responseOf(book, status, response as Json),
      ]),
    ),
  };
}

function parametersOf(
  book: SchemaBook,
  place: "path" | "query",
  schema: unknown,
): Json[] {
  if (!(schema instanceof z.ZodObject)) return [];
  const required = new Set(book.input(schema).required as string[] ?? []);
  return Object.entries(schema.shape).map(([name, field]) => {
    // A query is text: what it is read as says more about it.
    const shown = book.output(z.object({ [name]: field as z.ZodType }));
    const { description, ...rest } = (shown.properties as Json)[name] as Json;
    return {
      name,
      in: place,
      required: required.has(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

function responseOf(book: SchemaBook, status: string, response: Json): Json {
  const shown = showContent(response, book.output);
  const content = (shown.content ?? {}) as Json;
  const own = problemMediaType in content ? headersOfStatus[status] : undefined;
  const all = { ...own, ...(shown.headers as Json | undefined) };
  return Object.keys(all).length === 0 ? shown : { ...shown, headers: all };
}

/** A body or response with its schemas shown; everything else of it stays as it is. */
function showContent(part: object, show: (schema: z.ZodType) => Json): Json {
  const { content, ...rest } = part as { content?: Record<string, Json> };
  if (content === undefined) return rest;
  return {
    ...rest,
    content: Object.fromEntries(
      Object.entries(content).map(([type, { schema, ...media }]) => [type, {
        schema: schema instanceof z.ZodType ? show(schema) : schema,
        ...media,
      }]),
    ),
  };
}
