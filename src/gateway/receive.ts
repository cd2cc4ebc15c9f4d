import { z } from "zod";
import type { Log } from "../lib/log.ts";
import {
  ClientFrame,
  closeCodes,
  HelloFrame,
  RequestId,
} from "../protocol/frames.ts";
import { limits } from "../protocol/limits.ts";
import { invalidInput, Problem } from "../protocol/problem.ts";
import type { Welcome } from "../protocol/sync.ts";
import type { Connection } from "./connection.ts";
import type { Dispatch } from "./dispatch.ts";

export interface ReceiveParts {
  attach(
    connection: Connection,
    hello: HelloFrame,
    answer: (welcome: Welcome) => void,
  ): Promise<void>;
  /** Called once the connection is attached. */
  onLive(connection: Connection): void;
  readonly dispatch: Dispatch;
  /** Whether new work is refused, because the process is about to stop. */
  isDraining(): boolean;
  readonly log: Log;
}

const utf8 = new TextEncoder();

/** Whether a text is above a number of bytes; counts only where it must. */
const isLonger = (text: string, bytes: number) =>
  text.length > bytes ||
  (text.length * 3 > bytes && utf8.encode(text).length > bytes);

/**
 * The one entry for frames. It checks size, rate and schema once, answers each request exactly once,
 * and never rejects: a rejected handler would end the whole process.
 */
export function createReceive(parts: ReceiveParts) {
  const { attach, onLive, dispatch, isDraining, log } = parts;

  return async function receive(
    connection: Connection,
    data: unknown,
  ): Promise<void> {
    try {
      if (connection.isClosed) return;
      const frame = readFrame(connection, data);
      if (frame === undefined) return;
      if (connection.phase === "live") await request(connection, frame);
      else await hello(connection, frame);
    } catch (error) {
      log.error("frame failed", { connection: connection.id, error });
      connection.close(1011, "Something went wrong on the server");
    }
  };

  /** The frame as JSON; undefined where it closed the connection instead. */
  function readFrame(connection: Connection, data: unknown): unknown {
    if (connection.rate.take() > 0) {
      return refuse(connection, "flooding", "Too many frames");
    }
    if (connection.share?.takeFrame() === false) {
      return refuse(connection, "flooding", "Too many frames of the account");
    }
    if (typeof data !== "string") {
      return refuse(connection, "badFrame", "Frames are text");
    }
    if (isLonger(data, limits.frameBytes)) {
      return refuse(
        connection,
        "frameTooLarge",
        `At most ${limits.frameBytes} bytes`,
      );
    }
    try {
      return JSON.parse(data) as unknown;
    } catch {
      return refuse(connection, "badFrame", "Frames are JSON");
    }
  }

  async function hello(connection: Connection, frame: unknown) {
    if (connection.phase === "greeting") {
      const detail = "Wait for the answer to hello";
      fail(connection, idOf(frame), new Problem("invalid_input", { detail }));
      return refuse(connection, "badFrame", detail);
    }
    const parsed = HelloFrame.safeParse(frame);
    if (!parsed.success) {
      const tokenless = isTokenless(frame);
      const code = tokenless ? "unauthenticated" : "badFrame";
      const problem = tokenless
        ? new Problem("unauthenticated")
        : invalidInput(parsed.error);
      fail(connection, idOf(frame), problem);
      return refuse(connection, code, "The first frame is hello, with a token");
    }
    const { id } = parsed.data;
    if (isDraining()) {
      fail(connection, id, stopping());
      return connection.close(closeCodes.restart, "The server restarts");
    }
    connection.phase = "greeting";
    try {
      await attach(connection, parsed.data, (data) => {
        connection.phase = "live";
        connection.send({ type: "reply", id, ok: true, data });
      });
      onLive(connection);
    } catch (error) {
      const problem = asProblem(connection, error);
      fail(connection, id, problem);
      if (problem.status === 401) {
        refuse(connection, "unauthenticated", problem.message);
      } else if (problem.code === "invalid_input") {
        refuse(connection, "badFrame", problem.message);
      } else connection.close(closeCodes.restart, "Try again");
    }
  }

  async function request(connection: Connection, json: unknown) {
    const parsed = ClientFrame.safeParse(json);
    if (!parsed.success) {
      fail(connection, idOf(json), invalidInput(parsed.error));
      return refuse(
        connection,
        "badFrame",
        "The frame does not fit its schema",
      );
    }
    const { id = null } = parsed.data;
    if (isDraining()) return fail(connection, id, stopping());
    // A live connection has one.
    const share = connection.share!;
    if (connection.requests >= limits.requestsAtOnce || !share.begin()) {
      return fail(
        connection,
        id,
        new Problem("rate_limited", { retryAfterMs: 1000 }),
      );
    }
    connection.requests++;
    try {
      const data = await dispatch(connection, parsed.data);
      if (id !== null) connection.send({ type: "reply", id, ok: true, data });
    } catch (error) {
      fail(connection, id, asProblem(connection, error));
    } finally {
      connection.requests--;
      share.end();
    }
  }

  function asProblem(connection: Connection, error: unknown): Problem {
    if (error instanceof Problem) return error;
    log.error("request failed", { connection: connection.id, error });
    return new Problem("internal");
  }
}

const stopping = () => new Problem("unavailable", { retryAfterMs: 1000 });

/** Answers a request that failed; without an `id` there is nobody to answer. */
function fail(connection: Connection, id: RequestId | null, problem: Problem) {
  if (id !== null) {
    connection.send({
      type: "reply",
      id,
      ok: false,
      error: problem.document(),
    });
  }
}

function refuse(
  connection: Connection,
  code: keyof typeof closeCodes,
  reason: string,
): undefined {
  connection.close(closeCodes[code], reason);
}

const WithId = z.object({ id: RequestId });

function idOf(frame: unknown): RequestId | null {
  const parsed = WithId.safeParse(frame);
  return parsed.success ? parsed.data.id : null;
}

const isTokenless = (frame: unknown) =>
  z.object({ type: z.literal("hello"), token: z.undefined().optional() })
    .safeParse(frame)
    .success;
