import type { MiddlewareHandler } from "hono";
import { limits } from "../protocol/limits.ts";
import { Problem } from "../protocol/problem.ts";

const isJson = /^application\/json\s*(;|$)/i;

/**
 * Reads a JSON body, at most `limits.bodyBytes` of it: `unsupported_media` when it does not say it
 * is JSON, `too_large`, and `invalid_input` when it is not UTF-8 (RFC 8259, section 8.1).
 */
export const jsonBody: MiddlewareHandler = async (c, next) => {
  if (!isJson.test(c.req.header("content-type") ?? "")) {
    throw new Problem("unsupported_media");
  }
  const bytes = await readBody(c.req.raw, limits.bodyBytes).catch((error) => {
    // The client went away in the middle: nobody reads the answer, and nothing here is broken.
    throw error instanceof Problem ? error : unreadable("Must arrive whole");
  });
  const text = decode(bytes);
  // The validator behind this one takes the text from here, parses it and refuses what is not JSON.
  Object.assign(c.req.bodyCache, { text: Promise.resolve(text) });
  await next();
};

async function readBody(request: Request, limit: number): Promise<Uint8Array> {
  const declared = request.headers.get("content-length");
  if (declared !== null) {
    if (Number(declared) > limit) throw new Problem("too_large");
    return await request.bytes();
  }
  // A chunked body does not say how long it is: room grows with what has come, not with the chunks.
  let bytes = new Uint8Array(4096);
  let length = 0;
  for await (const chunk of request.body ?? []) {
    const needed = length + chunk.length;
    if (needed > limit) throw new Problem("too_large");
    if (needed > bytes.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * bytes.length));
      larger.set(bytes);
      bytes = larger;
    }
    bytes.set(chunk, length);
    length = needed;
  }
  return bytes.subarray(0, length);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw unreadable("Must be UTF-8");
  }
}

const unreadable = (message: string) =>
  new Problem("invalid_input", { errors: [{ path: "", message }] });
