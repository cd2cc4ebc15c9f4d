import type { RouteConfig } from "@hono/zod-openapi";
import type { Context } from "hono";
import { z } from "zod";
import { Problem } from "../../protocol/problem.ts";
import { openRoute } from "../route.ts";
import { createRouter, type Router } from "../router.ts";
import { type Asset, sendAsset } from "./asset.ts";
import type { Described } from "./openapi.ts";

export interface DocumentsParts extends Described {
  /** Every route of the service; asked when the first document is wanted, once all are mounted. */
  declared(): readonly RouteConfig[];
}

const tags = ["Service"];

/** A page may load what the service itself serves, and nothing else; nothing in it runs inline. */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // The images in the stylesheet of the REST reference are data.
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** To mount at `/api`. What is served is made when it is first asked for. */
export function documentRoutes(parts: DocumentsParts): Router {
  const router = createRouter();
  const made = new Map<string, Promise<Asset>>();

  /** Loaded here: a start must not pay for what few ask for. */
  async function make(name: string): Promise<Asset> {
    const { makeDocument } = await import("./make_document.ts");
    return await makeDocument(name, parts);
  }

  async function send(c: Context, name: string): Promise<Response> {
    const asset = made.get(name) ?? make(name);
    made.set(name, asset);
    try {
      return sendAsset(c, await asset);
    } catch (error) {
      made.delete(name);
      throw error;
    }
  }

  const serve = (
    path: string,
    operationId: string,
    summary: string,
    content: Record<string, { schema: z.ZodType }>,
  ) =>
    router.openapi(
      openRoute({
        method: "get",
        path,
        operationId,
        tags,
        summary,
        responses: {
          200: { description: "As it is now, with an `ETag`", content },
          304: { description: "As the `If-None-Match` of the request has it" },
        },
        never: ["unavailable"],
      }),
      (c) => {
        if ("text/html" in content) {
          c.header("content-security-policy", pagePolicy);
        }
        return send(c, path.slice(1));
      },
    );

  const json = { "application/json": { schema: z.looseObject({}) } };
  const html = { "text/html": { schema: z.string() } };
  serve("/openapi.json", "getOpenApi", "The OpenAPI 3.1 document", json);
  serve("/asyncapi.json", "getAsyncApi", "The AsyncAPI 3 document", json);
  serve("/docs", "readRestReference", "The REST reference, to read", html);
  serve(
    "/docs/websocket",
    "readSocketReference",
    "The WebSocket reference, to read",
    html,
  );

  // What the pages load. It is theirs alone, so the documents do not name it.
  router.get("/docs/:file{[a-z0-9-]+\\.(css|js|png)}", async (c) => {
    const { pageFiles } = await import("./page_files.ts");
    const file = c.req.param("file");
    if (!(file in pageFiles)) throw new Problem("not_found");
    return await send(c, `docs/${file}`);
  });

  return router;
}
