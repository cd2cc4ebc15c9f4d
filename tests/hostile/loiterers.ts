import { subprotocol } from "../../src/protocol/frames.ts";

const upgrade =
  "GET /api/v1/ws HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\n" +
  "upgrade: websocket\r\nsec-websocket-version: 13\r\n" +
  "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
  `sec-websocket-protocol: ${subprotocol}\r\n\r\n`;

/** What each of them says before it falls silent. */
const beginnings = [
  "",
  "GET /health/live HTTP/1.1\r\nhost: a\r\nx-never: en",
  "POST /api/v1/auth/login HTTP/1.1\r\nhost: a\r\n" +
  'content-type: application/json\r\ncontent-length: 1000\r\n\r\n{"login"',
  "POST /api/v1/auth/register HTTP/1.1\r\nhost: a\r\n" +
  'content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"use\r\n',
  upgrade,
  `${upgrade}\x81\xfe\xff\xff\0\0\0\0{`,
];

/** Clients who begin something, never finish it, and never go by themselves. */
export async function startLoiterers(
  url: string,
  count: number,
): Promise<Disposable> {
  const { hostname, port } = new URL(url);
  const connections = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const connection = await Deno.connect({ hostname, port: Number(port) });
      const said = beginnings[i % beginnings.length]!;
      const bytes = Uint8Array.from(said, (letter) => letter.charCodeAt(0));
      if (bytes.length > 0) await connection.write(bytes);
      return connection;
    }),
  );
  return {
    [Symbol.dispose]: () => connections.forEach((each) => each.close()),
  };
}
