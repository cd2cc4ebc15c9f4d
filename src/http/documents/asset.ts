import type { Context } from "hono";

/** Something to serve as it is. Kept compressed, as nearly every client takes it. */
export interface Asset {
  readonly type: string;
  readonly gzip: Uint8Array<ArrayBuffer>;
  /** Weak, since it names the content whether or not it is compressed. */
  readonly etag: string;
}

export async function createAsset(
  type: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Asset> {
  const gzip = await new Response(
    ReadableStream.from(inPieces(bytes))
      .pipeThrough(new CompressionStream("gzip")),
  ).bytes();
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return { type, gzip, etag: `W/"${hash.toHex().slice(0, 32)}"` };
}

/** Compressing a large file in one go would hold everyone else up. */
async function* inPieces(bytes: Uint8Array<ArrayBuffer>) {
  const size = 64 * 1024;
  for (let start = 0; start < bytes.length; start += size) {
    yield bytes.subarray(start, start + size);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** Answers with the asset, or with 304 when the client has it already (RFC 9110, section 13.1.2). */
export function sendAsset(c: Context, { type, gzip, etag }: Asset): Response {
  const headers = {
    etag,
    "cache-control": "public, no-cache",
    vary: "accept-encoding",
  };
  if (isKnown(c.req.header("if-none-match"), etag)) {
    return c.body(null, 304, headers);
  }
  const takesGzip = /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i
    .test(c.req.header("accept-encoding") ?? "");
  return takesGzip
    ? c.body(gzip, 200, {
      ...headers,
      "content-type": type,
      "content-encoding": "gzip",
    })
    : c.body(decompressed(gzip), 200, { ...headers, "content-type": type });
}

const decompressed = (gzip: Uint8Array<ArrayBuffer>) =>
  new Blob([gzip]).stream().pipeThrough(new DecompressionStream("gzip"));

const isKnown = (ifNoneMatch: string | undefined, etag: string) =>
  ifNoneMatch?.trim() === "*" ||
  ifNoneMatch?.split(",").some((known) => opaque(known) === opaque(etag));

const opaque = (etag: string) => etag.trim().replace(/^W\//, "");
