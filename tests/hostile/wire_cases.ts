import fc from "fast-check";

const body = '{"username":"wire","password":"correct horse"}';
const post = "POST /api/v1/auth/register HTTP/1.1\r\nhost: a\r\n" +
  "content-type: application/json\r\nconnection: close\r\n";
const get = (target: string, more = "") =>
  `GET ${target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${more}\r\n`;

/** Requests that break off, contradict themselves, or are something else altogether. */
const requests = [
  // A body shorter and longer than it claims, and two claims.
  `${post}content-length: 1000\r\n\r\n${body}`,
  `${post}content-length: 3\r\n\r\n${body}`,
  `${post}content-length: 5\r\ncontent-length: 46\r\n\r\n${body}`,
  `${post}content-length: 46\r\ntransfer-encoding: chunked\r\n\r\n${body}`,
  `${post}content-length: -1\r\n\r\n${body}`,
  `${post}content-length: 1e3\r\n\r\n${body}`,
  `${post}content-length: 99999999999999999999\r\n\r\n${body}`,
  `${post}content-length: 300000\r\n\r\n${body}`,
  `${post}expect: 100-continue\r\ncontent-length: 300000\r\n\r\n`,
  `${post}\r\n${body}`,
  // Chunks that break off or are none.
  `${post}transfer-encoding: chunked\r\n\r\n5\r\n{"use`,
  `${post}transfer-encoding: chunked\r\n\r\nzz\r\n${body}\r\n0\r\n\r\n`,
  `${post}transfer-encoding: chunked\r\n\r\n-1\r\n${body}`,
  `${post}transfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n${body}`,
  `${post}transfer-encoding: chunked\r\n\r\n2e;a=b\r\n${body}\r\n0\r\nx: y\r\n\r\n`,
  `${post}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  `${post}transfer-encoding: chunked\r\n\r\n${
    "1\r\n[\r\n".repeat(20_000)
  }0\r\n\r\n`,
  // Request lines.
  get("*"),
  get("http://evil.example/api/v1/me"),
  get("http://[::1/api/v1/me"),
  get("//evil.example//api//v1//me"),
  get("/api/v1/../../api/v1/me"),
  get("/api/v1/me#fragment?query"),
  get("/api/v1/users?query=" + "%61".repeat(20_000)),
  get("/api/v1/users?" + "a&".repeat(20_000)),
  get("/" + "a/".repeat(30_000)),
  get("/" + "x".repeat(100_000)),
  get("/api/v1/\xff\xfe"),
  get("/api/v1/me\0"),
  get("/health/live", "host: b\r\n"),
  "GET /health/live HTTP/1.1\r\n\r\n",
  "GET /health/live HTTP/1.1\r\nhost: [\r\nconnection: close\r\n\r\n",
  "GET /health/live HTTP/1.1\r\nhost: a b/c?d#e\r\nconnection: close\r\n\r\n",
  "GET /health/live HTTP/1.1\r\nhost:\r\nconnection: close\r\n\r\n",
  "GET /health/live HTTP/1.0\r\n\r\n",
  "GET /health/live HTTP/9.9\r\n\r\n",
  "GET /health/live\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
  "CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example\r\n\r\n",
  "TRACE /health/live HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
  `${"M".repeat(5000)} / HTTP/1.1\r\nhost: a\r\n\r\n`,
  "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
  // Headers.
  get("/health/live", `x: ${"y".repeat(1_000_000)}\r\n`),
  get("/health/live", "a: b\r\n".repeat(5000)),
  get("/health/live", " folded: yes\r\n"),
  get("/health/live", "no colon\r\n"),
  get("/health/live", "x: a\0b\r\n"),
  get("/health/live", "authorization: Bearer \xff\xff\r\n"),
  get("/health/live", "cookie: " + "a=b; ".repeat(3000) + "\r\n"),
  // Two at once: the second must not be answered as if it were the first.
  get("/health/live").replace("close", "keep-alive") + get("/api/v1/me"),
];

const header = "GET /api/v1/ws HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\n" +
  "upgrade: websocket\r\nsec-websocket-version: 13\r\n" +
  "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
  "sec-websocket-protocol: parley.v1\r\n\r\n";

/** After the upgrade: frames that RFC 6455 forbids, and noise. */
const frames = [
  "\x81\x05hello",
  "\x83\x80\0\0\0\0",
  "\xf1\x80\0\0\0\0",
  "\x80\x80\0\0\0\0",
  "\x01\x81\0\0\0\0{\x81\x80\0\0\0\0",
  "\x09\x80\0\0\0\0",
  `\x89\xfe\x00\x7e\0\0\0\0${"p".repeat(126)}`,
  "\x81\x82\0\0\0\0\xff\xfe",
  "\x88\x82\0\0\0\0\x00\x01",
  "\x88\x81\0\0\0\0\x03",
  "\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0{",
  "\x81\xff\x00\x00\x00\x00\x03\xff\xff\xff\0\0\0\0{",
  "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0{",
  "\x89\x80\0\0\0\0".repeat(3000),
  "\x81\x82\0\0\0\0{}".repeat(2000),
  "\x01\x81\0\0\0\0[" + "\x00\x81\0\0\0\0[".repeat(5000),
].map((sent) => header + sent);

/** Every one of them, for a test that leaves nothing to chance. */
export const knownWireCases: readonly Uint8Array[] = [...requests, ...frames]
  .map(bytesOf);

const noise = fc.uint8Array({ minLength: 1, maxLength: 400 }).map(latin1);

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

function bytesOf(sent: string): Uint8Array {
  return Uint8Array.from(sent, (letter) => letter.charCodeAt(0));
}

/** Those, parts of them, and noise where HTTP or a frame should be. */
export const wireCases: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom(...knownWireCases) },
  { weight: 1, arbitrary: noise.map(bytesOf) },
  { weight: 1, arbitrary: noise.map((sent) => bytesOf(header + sent)) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...knownWireCases), fc.nat(200))
      .map(([sent, length]) => sent.subarray(0, length)),
  },
);
