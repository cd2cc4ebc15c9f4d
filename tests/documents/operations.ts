import { createSample } from "../../src/http/documents/sample.ts";
import type { Json } from "../../src/http/documents/schema_book.ts";
import { readDocument } from "./service.ts";

/** What of an OpenAPI document the tests look at. */
export interface OpenApi {
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, OperationObject>>>
  >;
  readonly components: { readonly schemas: Json };
}
interface OperationObject {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly security: readonly Json[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<
    Record<string, {
      readonly headers?: Json;
      readonly content?: Readonly<Record<string, Media>>;
    }>
  >;
}
interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required: boolean;
  readonly schema: Json;
}
interface Media {
  readonly schema: Json;
  readonly examples?: Json;
}
export interface Operation extends OperationObject {
  /** As HTTP has it. */
  readonly method: string;
  readonly path: string;
}

export const readOpenApi = async (): Promise<OpenApi> =>
  JSON.parse(await readDocument("openapi.json"));

export const operationsOf = ({ paths }: OpenApi): Operation[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      path,
    }))
  );

export const problemType = "application/problem+json";

/** The codes of the problems that an operation says it can answer with. */
export const codesOf = ({ responses }: Operation): string[] =>
  Object.values(responses).flatMap(({ content }) =>
    Object.keys(content?.[problemType]?.examples ?? {})
  );

export const takesBody = ({ requestBody }: Operation) =>
  requestBody !== undefined;
export const wantsToken = ({ security }: Operation) =>
  security.some((scheme) => "bearer" in scheme);

export interface SampleRequest {
  readonly path: string;
  readonly body?: unknown;
}

/** A request that fits the operation's schemas, made of the examples in the document. */
export function sampleRequest(
  { components }: OpenApi,
  { path, parameters = [], requestBody }: Operation,
): SampleRequest {
  const sample = createSample(components.schemas);
  const value = ({ schema }: Parameter) =>
    encodeURIComponent(String(sample(schema)));
  const filled = parameters.filter((each) => each.in === "path").reduce(
    (text, each) => text.replace(`{${each.name}}`, value(each)),
    path,
  );
  const query = parameters
    .filter((each) => each.in === "query" && each.required)
    .map((each) => `${each.name}=${value(each)}`);
  const media = requestBody?.content["application/json"];
  return {
    path: query.length === 0 ? filled : `${filled}?${query.join("&")}`,
    ...(media === undefined ? {} : { body: sample(media.schema) }),
  };
}
