/** What Redis answers, in RESP2. */
export type RedisReply = string | number | null | RedisError | RedisReply[];

/** Redis understood, and refused. */
export class RedisError extends Error {
  override readonly name = "RedisError";
}

export interface RedisConnection extends Disposable {
  /** Answers in order; all that is handed in together goes out in one piece. */
  send(...commands: (readonly string[])[]): Promise<RedisReply[]>;
  /** Resolves when the connection has ended, whoever ended it. */
  readonly closed: Promise<void>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * A connection to a Redis on this machine. Once it has subscribed to something, `onPush` hears what
 * is said there.
 */
export async function connectRedis(
  port: number,
  onPush?: (push: RedisReply[]) => void,
): Promise<RedisConnection> {
  const socket = await Deno.connect({ hostname: "127.0.0.1", port });
  const writer = socket.writable.getWriter();
  const waiting: PromiseWithResolvers<RedisReply>[] = [];
  let isOpen = true;

  function close() {
    if (!isOpen) return;
    isOpen = false;
    try {
      socket.close();
    } catch {
      // Its stream has closed it at its end.
    }
    const gone = new Error("The connection to Redis has ended");
    for (const { reject } of waiting.splice(0)) reject(gone);
  }

  async function listen() {
    for await (const reply of replies(socket.readable)) {
      const next = waiting.shift();
      if (next) next.resolve(reply);
      else onPush?.(reply as RedisReply[]);
    }
  }

  return {
    send(...commands) {
      if (!isOpen) return Promise.reject(new Error("Redis is away"));
      const answers = commands.map(() => {
        const answer = Promise.withResolvers<RedisReply>();
        waiting.push(answer);
        return answer.promise;
      });
      const bytes = encoder.encode(commands.map(encode).join(""));
      writer.write(bytes).catch(close);
      return Promise.all(answers);
    },
    // Reset, killed or closed: it has ended, which is all that there is to say.
    closed: listen().catch(() => {}).finally(close),
    [Symbol.dispose]: close,
  };
}

function encode(command: readonly string[]): string {
  const words = command.map((word) =>
    `$${encoder.encode(word).length}\r\n${word}\r\n`
  );
  return `*${words.length}\r\n${words.join("")}`;
}

/** RESP2: https://redis.io/docs/latest/develop/reference/protocol-spec/ */
async function* replies(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<RedisReply> {
  const source = chunks[Symbol.asyncIterator]();
  let bytes = new Uint8Array();
  let at = 0;

  async function more(): Promise<void> {
    const { value, done } = await source.next();
    if (done) throw new Error("Redis has closed the connection");
    const rest = bytes.subarray(at);
    bytes = new Uint8Array(rest.length + value.length);
    bytes.set(rest);
    bytes.set(value, rest.length);
    at = 0;
  }
  async function text(length: number): Promise<string> {
    while (bytes.length < at + length + 2) await more();
    const found = decoder.decode(bytes.subarray(at, at + length));
    at += length + 2;
    return found;
  }
  async function line(): Promise<string> {
    while (bytes.indexOf(13, at) < 0) await more();
    return await text(bytes.indexOf(13, at) - at);
  }
  async function next(): Promise<RedisReply> {
    const head = await line();
    const [kind, value] = [head[0], head.slice(1)];
    if (kind === "+") return value;
    if (kind === "-") return new RedisError(value);
    if (kind === ":") return Number(value);
    const length = Number(value);
    if (length < 0) return null;
    if (kind === "$") return await text(length);
    const array: RedisReply[] = [];
    while (array.length < length) array.push(await next());
    return array;
  }
  for (;;) yield await next();
}
