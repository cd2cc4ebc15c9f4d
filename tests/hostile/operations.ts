import type { Schema, Schemas } from "./schema_arbitrary.ts";

interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required: boolean;
  readonly schema: Schema;
}

interface Media {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

export interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Media;
  readonly responses: Readonly<Record<string, Media>>;
  readonly security?: readonly object[];
}

export interface OpenApi {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, Operation>>>
  >;
  readonly components: { readonly schemas: Schemas };
}

/** One route of the document. */
export interface Route {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

export const routesOf = ({ paths }: OpenApi): Route[] =>
  Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation,
    }))
  );

/** The routes that a request line may mean, by whichever reading of its percent signs. */
export function meant(
  routes: readonly Route[],
  method: string,
  target: string,
): Route[] {
  const path = target.replace(/^http:\/\/[^/?#]*/i, "").split(/[?#]/)[0]!;
  const readings = [path, decoded(path)];
  const asked = method === "HEAD" ? "GET" : method;
  return routes.filter((route) =>
    route.method === asked &&
    readings.some((reading) => pattern(route.path).test(reading))
  );
}

const pattern = (path: string) =>
  new RegExp(`^${path.replaceAll(".", "\\.").replace(/\{\w+\}/g, "[^/]+")}$`);

function decoded(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}
