/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** How long a service may take before a case counts as hanging, in milliseconds. */
const patienceMs = 20_000;

/**
 * Sends bytes on a connection of their own and reads the answer. After `hangUpMs` without one it
 * says that no more will come. null where the service hangs up without an answer in HTTP/1.
 */
export async function exchange(
  url: string,
  bytes: Uint8Array,
  { hangUpMs = patienceMs } = {},
): Promise<RawAnswer | null> {
  const { hostname, port } = new URL(url);
  const connection = await Deno.connect({ hostname, port: Number(port) });
  let isLate = false;
  const late = setTimeout(() => {
    isLate = true;
    connection.close();
  }, patienceMs);
  const silent = setTimeout(() => {
    connection.closeWrite().catch(() => {});
  }, hangUpMs);
  try {
    // Whoever refuses early may hang up before it has read everything.
    const sent = send(connection, bytes).catch(() => {});
    const received = await receive(connection);
    await sent;
    if (isLate) throw new Error(`No answer within ${patienceMs} ms`);
    return received.startsWith("HTTP/1.") ? await parse(received) : null;
  } finally {
    clearTimeout(late);
    clearTimeout(silent);
    if (!isLate) connection.close();
  }
}

async function send(connection: Deno.TcpConn, bytes: Uint8Array) {
  for (let at = 0; at < bytes.length;) {
    at += await connection.write(bytes.subarray(at));
  }
}

/** The answer before the answer that `expect: 100-continue` asks for (RFC 9110, section 15.2.1). */
const goOn = /^HTTP\/1\.1 100 .*\r\n\r\n/;

/** What comes until the answer is whole or the connection ends, a letter a byte. */
async function receive(connection: Deno.TcpConn): Promise<string> {
  const buffer = new Uint8Array(65536);
  let received = "";
  for (;;) {
    const read = await connection.read(buffer).catch(() => null);
    if (read === null) return received;
    for (const byte of buffer.subarray(0, read)) {
      received += String.fromCharCode(byte);
    }
    received = received.replace(goOn, "");
    if (isWhole(received)) return received;
  }
}

const contentLength = (head: string) =>
  Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? NaN);

function isWhole(received: string): boolean {
  const end = received.indexOf("\r\n\r\n");
  if (end < 0) return false;
  return received.length - end - 4 >= contentLength(received.slice(0, end));
}

async function parse(received: string): Promise<RawAnswer> {
  const end = received.indexOf("\r\n\r\n");
  const [first, ...fields] = received.slice(0, end).split("\r\n");
  const headers = new Headers(fields.map((field): [string, string] => {
    const colon = field.indexOf(":");
    return [field.slice(0, colon), field.slice(colon + 1).trim()];
  }));
  const rest = received.slice(end + 4);
  const body = headers.get("transfer-encoding") === "chunked"
    ? joined(rest)
    : rest;
  const bytes = Uint8Array.from(body, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream();
  const isPacked = headers.get("content-encoding") === "gzip" && body !== "";
  const plain = isPacked
    ? stream.pipeThrough(new DecompressionStream("gzip"))
    : stream;
  return {
    status: Number(first!.split(" ")[1]),
    headers,
    body: await new Response(plain).text(),
  };
}

function joined(chunks: string): string {
  let body = "";
  for (let at = 0;;) {
    const end = chunks.indexOf("\r\n", at);
    const length = parseInt(chunks.slice(at, end), 16);
    if (end < 0 || !(length > 0)) return body;
    body += chunks.slice(end + 2, end + 2 + length);
    at = end + 4 + length;
  }
}
