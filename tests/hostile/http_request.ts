import { encoded, type HttpCase } from "./http_cases.ts";
import { type ResolveId, write } from "./json_tree.ts";

/** The request line's target, with the ids in place. */
export function targetOf({ path, parts, query }: HttpCase, idOf: ResolveId) {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const part = parts[name]!;
    return "id" in part ? idOf(part.id) : part.raw;
  });
  const search = query.map(([name, value]) =>
    `${encoded(name)}=${encoded(value)}`
  ).join("&");
  return search === "" ? filled : `${filled}?${search}`;
}

/** The body in the bytes that the case wants. */
export function bytesOf({ body, bytes }: HttpCase, idOf: ResolveId) {
  if (body === null) return new Uint8Array();
  const written = write(body, idOf);
  const utf8 = new TextEncoder().encode(written);
  switch (bytes) {
    case "json":
      return utf8;
    case "cut":
      return utf8.subarray(0, Math.floor(utf8.length / 2));
    case "trailing":
      return new TextEncoder().encode(`${written} {}`);
    case "latin1":
      return Uint8Array.from(
        [...written, "\xe9"],
        (letter) => letter.charCodeAt(0) & 255,
      );
    case "utf16":
      return new Uint8Array(
        Uint16Array.from(written, (letter) => letter.charCodeAt(0)).buffer,
      );
    case "marked":
      return new Uint8Array([0xef, 0xbb, 0xbf, ...utf8]);
  }
}

/** The whole request as it goes over the wire. */
export function requestOf(
  one: HttpCase,
  { target, body, token, host, address }: {
    readonly target: string;
    readonly body: Uint8Array;
    readonly token: string;
    readonly host: string;
    /** Where the proxy in front says that it comes from. */
    readonly address: string;
  },
): Uint8Array {
  const authorization = one.token === "own"
    ? `Bearer ${token}`
    : one.token === "none"
    ? undefined
    : one.token;
  const hasBody = one.body !== null;
  const own: [string, string][] = [
    ["host", host],
    ["connection", "close"],
    ...(authorization === undefined
      ? []
      : [["authorization", authorization] as [string, string]]),
    ...(hasBody && !one.headers.some(([name]) => name === "content-type")
      ? [["content-type", "application/json"] as [string, string]]
      : []),
    ...(!hasBody
      ? []
      : one.framing === "chunked"
      ? [["transfer-encoding", "chunked"] as [string, string]]
      : [["content-length", String(body.length)] as [string, string]]),
  ];
  const lines = [...own, ...one.headers, ["x-forwarded-for", address]]
    .map(([name, value]) => `${name}: ${value}\r\n`);
  const head = latin1(
    `${one.method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n`,
  );
  if (!hasBody) return head;
  return joined(head, one.framing === "chunked" ? chunked(body) : body);
}

const latin1 = (text: string) =>
  Uint8Array.from(text, (letter) => letter.charCodeAt(0) & 255);

function chunked(body: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [];
  const size = Math.max(1, Math.ceil(body.length / 3));
  for (let at = 0; at < body.length; at += size) {
    const piece = body.subarray(at, at + size);
    pieces.push(latin1(`${piece.length.toString(16)}\r\n`), piece);
    pieces.push(latin1("\r\n"));
  }
  return joined(...pieces, latin1("0\r\n\r\n"));
}

function joined(...pieces: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(
    pieces.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
