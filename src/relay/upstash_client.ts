import { Redis } from "@upstash/redis";
import { readEvents } from "./upstash_stream.ts";

export interface UpstashClientOptions {
  readonly url: string;
  readonly token: string;
  /** Milliseconds for a request, its repetitions included. */
  readonly requestMs: number;
}

/** Upstash's own client, set up for the relay, and a subscription that ends in the open. */
export interface UpstashClient extends AsyncDisposable {
  readonly redis: Redis;
  /**
   * Hears a channel: `subscribe` first, and then each `message`. Resolves when the stream ends, by
   * the signal too; rejects when it breaks.
   *
   * The client's own `subscribe` tells nobody that its stream has ended, and writes to the console
   * when it breaks. This one asks for the same.
   */
  subscribe(
    channel: string,
    signal: AbortSignal,
    on: (kind: string, payload: string) => void,
  ): Promise<void>;
  publish(channel: string, payload: string): Promise<unknown>;
  /** Commands sent so far, as Upstash bills them. */
  readonly commands: number;
}

/**
 * Its failures are sentences for the operator, without the token and without what was sent.
 * Throws for a token that cannot be one.
 */
export function openUpstash(
  { url, token, requestMs }: UpstashClientOptions,
): UpstashClient {
  // Sent as a header it would fail, in words that repeat it.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new Error(
      "UPSTASH_REDIS_REST_TOKEN holds characters that no token has",
    );
  }
  const base = url.replace(/\/$/, "");
  const closing = new AbortController();
  const underway = new Set<Promise<unknown>>();
  let commands = 0;

  const redis = new Redis({
    url,
    token,
    // Three times in all, within a moment: what stays broken is left to the poll and the sweep.
    retry: { retries: 2, backoff: (attempt) => 50 * 2 ** attempt },
    signal: () =>
      AbortSignal.any([closing.signal, AbortSignal.timeout(requestMs)]),
    // A sealed batch is text: it must not be taken for JSON, nor be a third longer in base64.
    automaticDeserialization: false,
    responseEncoding: false,
    // What shares a request is decided where it is sent.
    enableAutoPipelining: false,
    enableTelemetry: false,
  });

  redis.use(async (request, next) => {
    commands += isPipeline(request.body) ? request.body.length : 1;
    const answer = next(request);
    underway.add(answer);
    try {
      const answered = await answer;
      // A pipeline answers each of its commands.
      const failed = [answered].flat().find(({ error }) => error);
      if (failed) throw new Error(failed.error);
      return answered;
    } catch (error) {
      throw asSentence(error);
    } finally {
      underway.delete(answer);
    }
  });

  async function openStream(channel: string, signal: AbortSignal) {
    const response = await fetch(`${base}/subscribe/${channel}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        accept: "text/event-stream",
      },
      signal,
    });
    if (response.ok && response.body) return response.body;
    const text = await response.text();
    throw new Error(
      text.match(/"error":"(.*?)"/)?.[1] ?? `it answered ${response.status}`,
    );
  }

  function asSentence(error: unknown): Error {
    if (closing.signal.aborted) return new Error("The relay is closed");
    const { name, message } = error as Error;
    if (name === "TimeoutError") {
      return new Error(`Upstash did not answer within ${requestMs} ms`);
    }
    // The client appends the whole request to what Upstash said.
    const said = message.split(", command was: ", 1)[0]!
      .replaceAll(token, "(token)");
    return new Error(
      isRefusal.test(said)
        ? `Upstash refuses UPSTASH_REDIS_REST_TOKEN: ${said}`
        : `Upstash failed: ${said}`,
    );
  }

  return {
    redis,

    async subscribe(channel, signal, on) {
      commands++;
      try {
        const body = await openStream(channel, signal);
        await readEvents(body, signal, (data) => {
          const [kind, , ...payload] = data.split(",");
          on(kind!, payload.join(","));
        });
      } catch (error) {
        if (!signal.aborted) throw asSentence(error);
      }
    },

    publish: redis.publish,

    get commands() {
      return commands;
    },

    async [Symbol.asyncDispose]() {
      closing.abort();
      await Promise.allSettled(underway);
    },
  };
}

/** The token is unknown, or may not do what the relay needs. */
const isRefusal = /^(unauthorized|wrongpass|noauth|noperm)\b/i;

function isPipeline(body: unknown): body is unknown[][] {
  return Array.isArray(body) && Array.isArray(body[0]);
}
