import { type Asset, createAsset } from "./asset.ts";
import { asyncApiDocument } from "./asyncapi.ts";
import { openApiDocument } from "./openapi.ts";
import { pageFiles } from "./page_files.ts";
import { restPage } from "./rest_page.ts";
import type { DocumentsParts } from "./routes.ts";
import { socketPage } from "./socket_page.ts";

const utf8 = new TextEncoder();

const json = (document: object) =>
  createAsset("application/json", utf8.encode(JSON.stringify(document)));

const html = async (page: string | Promise<string>) =>
  createAsset(
    "text/html; charset=utf-8",
    utf8.encode(`<!doctype html>${await page}`),
  );

/** Makes what is served under `/api` by this name. */
export async function makeDocument(
  name: string,
  parts: DocumentsParts,
): Promise<Asset> {
  switch (name) {
    case "openapi.json":
      return await json(openApiDocument(parts.declared(), parts));
    case "asyncapi.json":
      return await json(asyncApiDocument(parts));
    case "docs":
      return await html(restPage());
    case "docs/websocket":
      return await html(socketPage(asyncApiDocument(parts)));
    default: {
      const file = pageFiles[name.replace("docs/", "")];
      if (!file) throw new Error(`There is no document '${name}'`);
      return await createAsset(file.type, await file.read());
    }
  }
}
