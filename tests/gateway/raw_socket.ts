import { subprotocol } from "../../src/protocol/frames.ts";

export const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

/** A frame as the server sent it (RFC 6455, section 5.2). */
export interface RawFrame {
  readonly opcode: number;
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** A WebSocket client that does only what it is told: it answers no ping and no close by itself. */
export interface RawSocket extends Disposable {
  /** Of the answer to the upgrade. */
  readonly status: number;
  readonly headers: Headers;
  send(opcode: number, payload: string | Uint8Array): Promise<void>;
  /** The next frame; null once the server has ended the connection. */
  next(): Promise<RawFrame | null>;
}

/** `headers` replace those of a proper upgrade; undefined leaves one out. */
export async function rawSocket(
  url: string,
  headers: Record<string, string | undefined> = {},
  path = "/api/v1/ws",
): Promise<RawSocket> {
  const { hostname, port } = new URL(url);
  const connection = await Deno.connect({ hostname, port: Number(port) });
  const reader = new ByteReader(connection);
  const lines = Object.entries({
    host: `${hostname}:${port}`,
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-protocol": subprotocol,
    ...headers,
  }).filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`);
  await writeAll(connection, `GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
  const [first, ...fields] = (await reader.until("\r\n\r\n")).split("\r\n");

  return {
    status: Number(first!.split(" ")[1]),
    headers: new Headers(
      fields.map((field) => field.split(": ", 2) as [string, string]),
    ),
    send: (opcode, payload) =>
      writeAll(connection, encode(opcode, bytesOf(payload))),
    async next() {
      const start = await reader.take(2);
      if (start === null) return null;
      const short = start[1]! & 0x7f;
      const extended = await reader.take([0, 2, 8][Math.max(0, short - 125)]!);
      const length = extended!.reduce((sum, byte) => sum * 256 + byte, 0);
      const payload = await reader.take(short < 126 ? short : length);
      return payload && { opcode: start[0]! & 0x0f, payload };
    },
    [Symbol.dispose]: () => connection.close(),
  };
}

const bytesOf = (data: string | Uint8Array) =>
  typeof data === "string" ? new TextEncoder().encode(data) : data;

/** Masked with zeros, which leaves the payload as it is. */
function encode(opcode: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const size = length < 126
    ? [0x80 | length]
    : length < 65536
    ? [0x80 | 126, length >> 8, length & 0xff]
    : [0x80 | 127, 0, 0, 0, 0, ...big32(length)];
  const head = [0x80 | opcode, ...size, 0, 0, 0, 0];
  const frame = new Uint8Array(head.length + length);
  frame.set(head);
  frame.set(payload, head.length);
  return frame;
}

const big32 = (n: number) => [24, 16, 8, 0].map((shift) => (n >>> shift) & 255);

async function writeAll(connection: Deno.Conn, data: string | Uint8Array) {
  const bytes = bytesOf(data);
  for (let at = 0; at < bytes.length;) {
    at += await connection.write(bytes.subarray(at));
  }
}

class ByteReader {
  #bytes = new Uint8Array(0);
  constructor(private readonly connection: Deno.Conn) {}

  /** null where the connection ends before. */
  async take(count: number): Promise<Uint8Array<ArrayBuffer> | null> {
    while (this.#bytes.length < count) if (!await this.#more()) return null;
    const taken = this.#bytes.slice(0, count);
    this.#bytes = this.#bytes.slice(count);
    return taken;
  }

  async until(end: string): Promise<string> {
    for (;;) {
      const text = new TextDecoder("latin1").decode(this.#bytes);
      const at = text.indexOf(end);
      if (at >= 0) {
        await this.take(at + end.length);
        return text.slice(0, at);
      }
      if (!await this.#more()) return text;
    }
  }

  async #more(): Promise<boolean> {
    const buffer = new Uint8Array(65536);
    const read = await this.connection.read(buffer).catch(() => null);
    if (read === null) return false;
    const joined = new Uint8Array(this.#bytes.length + read);
    joined.set(this.#bytes);
    joined.set(buffer.subarray(0, read), this.#bytes.length);
    this.#bytes = joined;
    return true;
  }
}
