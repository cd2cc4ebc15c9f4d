import {
  connectRedis,
  type RedisConnection,
  RedisError,
  type RedisReply,
} from "./redis_connection.ts";
import { freePort } from "./programs.ts";

/** What the bridge does wrong, from when it is set until it is unset. */
export interface UpstashFaults {
  /** Answers 503, to everything. */
  away: boolean;
  /** Waits before every answer, and before every line of a stream. */
  delayMs: number;
  /** The share of XADDs that it says it has done, and has not. */
  swallow: number;
  /** The share of XADDs that it does twice, as when the client has sent them twice. */
  repeat: number;
  /** Streams stand and say nothing. */
  mute: boolean;
}

/**
 * Upstash's REST as far as the relay uses it, in front of a real Redis: a command, a pipeline, a
 * transaction, a path, base64, and channels as server-sent events.
 */
export interface UpstashBridge extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  readonly faults: UpstashFaults;
  /**
   * Called with the commands of each request before they are done; a stream is one SUBSCRIBE. Holds
   * the request up until what it returns has resolved.
   */
  onRequest: (
    commands: readonly (readonly string[])[],
  ) => void | Promise<void>;
  /** Streams that stand now. */
  readonly streams: number;
  /** Ends all streams, in good order and without a word. */
  endStreams(): void;
  /** Connections break, and new ones are refused. */
  cut(): Promise<void>;
  /** Undoes a cut. */
  heal(): void;
}

type Answer = { result: RedisReply } | { error: string };
type Commands = readonly (readonly string[])[];

const encoder = new TextEncoder();

export function startUpstashBridge(
  { redisPort, random = Math.random }: {
    readonly redisPort: number;
    /** From 0 up to 1; decides what is swallowed and repeated. */
    readonly random?: () => number;
  },
): UpstashBridge {
  const token = crypto.randomUUID();
  const port = freePort();
  const faults: UpstashFaults = {
    away: false,
    delayMs: 0,
    swallow: 0,
    repeat: 0,
    mute: false,
  };
  const streams = new Set<{ end(): void }>();
  let redis: Promise<RedisConnection> | undefined;
  let cutting = new AbortController();

  async function handle(request: Request): Promise<Response> {
    if (faults.away) return json({ error: "ERR The bridge is away" }, 503);
    if (request.headers.get("authorization") !== `Bearer ${token}`) {
      return json({ error: "WRONGPASS invalid or missing auth token" }, 401);
    }
    const { pathname } = new URL(request.url);
    const [head = "", ...rest] = pathname.slice(1).split("/")
      .map(decodeURIComponent);
    try {
      if (head === "subscribe") return await subscribe(rest.join(","));
      const encode = request.headers.get("upstash-encoding") === "base64"
        ? inBase64
        : (reply: RedisReply) => reply;
      const body = await request.text();
      const answer = await respond(head, rest, body);
      await pause(faults.delayMs);
      return Array.isArray(answer)
        ? json(answer.map((each) => encoded(each, encode)), 200)
        : json(encoded(answer, encode), "error" in answer ? 400 : 200);
    } catch (error) {
      return json({ error: `ERR ${(error as Error).message}` }, 503);
    }
  }

  function respond(
    head: string,
    rest: readonly string[],
    body: string,
  ): Promise<Answer[] | Answer> {
    if (head === "pipeline") return pipeline(commandsIn(body));
    if (head === "multi-exec") return transaction(commandsIn(body));
    return single(head === "" ? commandsIn(`[${body}]`)[0]! : [head, ...rest]);
  }

  async function single(command: readonly string[]): Promise<Answer> {
    const [answer] = await pipeline([command]);
    return answer!;
  }

  async function pipeline(commands: Commands): Promise<Answer[]> {
    await bridge.onRequest(commands);
    // What stands for each command is sent, the last answer to it counts.
    const sent = commands.map((command) => {
      if (refusal(command)) return [];
      if (command[0]!.toUpperCase() !== "XADD") return [command];
      if (random() < faults.swallow) return [];
      return random() < faults.repeat ? [command, command] : [command];
    });
    const connection = await connected();
    const replies = (await connection.send(...sent.flat())).values();
    return commands.map((command, i) => {
      const error = refusal(command);
      if (error) return { error };
      const answers = sent[i]!.map(() => replies.next().value!);
      const swallowed = answers.length === 0;
      return answerOf(swallowed ? `${Date.now()}-0` : answers.at(-1)!);
    });
  }

  async function transaction(commands: Commands): Promise<Answer[] | Answer> {
    await bridge.onRequest(commands);
    const error = commands.map(refusal).find(Boolean);
    if (error) return { error };
    const connection = await connected();
    const replies = await connection.send(["MULTI"], ...commands, ["EXEC"]);
    const done = replies.at(-1)!;
    return Array.isArray(done) ? done.map(answerOf) : answerOf(done);
  }

  async function subscribe(channel: string): Promise<Response> {
    await bridge.onRequest([["SUBSCRIBE", channel]]);
    const { readable, writable } = new TransformStream<Uint8Array>();
    const writer = writable.getWriter();
    let said = Promise.resolve();
    const say = (push: RedisReply[]) => {
      said = said.then(async () => {
        await pause(faults.delayMs);
        if (faults.mute) return;
        await writer.write(encoder.encode(`data: ${push.join(",")}\n\n`));
      }).catch(() => {});
    };
    const connection = await connectRedis(redisPort, say);
    const stream = {
      end() {
        if (!streams.delete(stream)) return;
        connection[Symbol.dispose]();
        writer.close().catch(() => {});
      },
    };
    streams.add(stream);
    void connection.closed.then(stream.end);
    writer.closed.then(stream.end, stream.end);
    const [confirmed] = await connection.send(["SUBSCRIBE", channel]);
    say(confirmed as RedisReply[]);
    return new Response(readable, {
      headers: { "content-type": "text/event-stream" },
    });
  }

  /** One connection for all commands; a new one once that has ended. */
  function connected(): Promise<RedisConnection> {
    if (redis) return redis;
    const opening = connectRedis(redisPort);
    redis = opening;
    const forget = () => {
      if (redis === opening) redis = undefined;
    };
    opening.then(({ closed }) => closed.then(forget), forget);
    return opening;
  }

  function endStreams(): void {
    for (const { end } of [...streams]) end();
  }

  /** Rejects when the bridge is cut meanwhile. */
  function pause(ms: number): Promise<void> {
    if (ms === 0) return Promise.resolve();
    const { signal } = cutting;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(new Error("The bridge is cut"));
      }, { once: true });
    });
  }

  const serve = () =>
    Deno.serve({
      hostname: "127.0.0.1",
      port,
      signal: cutting.signal,
      onListen() {},
    }, handle);
  let server = serve();

  async function cut(): Promise<void> {
    cutting.abort();
    endStreams();
    await server.finished;
  }

  const bridge: UpstashBridge = {
    url: `http://127.0.0.1:${port}`,
    token,
    faults,
    onRequest() {},
    get streams() {
      return streams.size;
    },
    endStreams,
    cut,
    heal() {
      cutting = new AbortController();
      server = serve();
    },
    async [Symbol.asyncDispose]() {
      await cut();
      (await redis?.catch(() => undefined))?.[Symbol.dispose]();
    },
  };
  return bridge;
}

/** As JSON has them, words are numbers now and then. */
function commandsIn(body: string): Commands {
  return (JSON.parse(body) as unknown[][]).map((words) => words.map(String));
}

const unavailable = new Set([
  ...["BLMOVE", "BLMPOP", "BLPOP", "BRPOP", "BRPOPLPUSH"],
  ...["BZMPOP", "BZPOPMAX", "BZPOPMIN", "WAIT", "WATCH", "SELECT", "MONITOR"],
  ...["MULTI", "EXEC", "DISCARD", "SUBSCRIBE", "PSUBSCRIBE"],
]);

/** What belongs to a connection, or waits, is not to be had over REST. */
function refusal(command: readonly string[]): string | undefined {
  const words = command.map((word) => word.toUpperCase());
  const options = words.slice(1, words.indexOf("STREAMS"));
  const blocks = /^XREAD(GROUP)?$/.test(words[0]!) && options.includes("BLOCK");
  return blocks || unavailable.has(words[0]!)
    ? `ERR Command is not available: '${command[0]}'`
    : undefined;
}

function answerOf(reply: RedisReply): Answer {
  return reply instanceof RedisError
    ? { error: reply.message }
    : { result: reply };
}

function encoded(
  answer: Answer,
  encode: (reply: RedisReply) => RedisReply,
): Answer {
  return "error" in answer ? answer : { result: encode(answer.result) };
}

/** Every string, however deep, but the status OK. */
function inBase64(reply: RedisReply): RedisReply {
  if (Array.isArray(reply)) return reply.map(inBase64);
  if (typeof reply !== "string" || reply === "OK") return reply;
  return encoder.encode(reply).toBase64();
}

function json(body: unknown, status: number): Response {
  return Response.json(body, { status });
}
