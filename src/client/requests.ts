import type { z } from "zod";
import {
  ClientFrame,
  type ReplyData,
  type ReplyFrame,
} from "../protocol/frames.ts";
import { invalidInput } from "../protocol/problem.ts";
import type { Clock } from "./clock.ts";
import { clientError, ParleyError, unavailable } from "./error.ts";

/** A request frame as callers give it: its `id` is put in on the way. */
type Unnumbered<F> = F extends { type: infer T; id?: unknown }
  ? { type: T } & Omit<F, "type" | "id">
  : never;
export type Request = Unnumbered<z.input<typeof ClientFrame>>;

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for the reply. */
  readonly timeoutMs?: number;
}

/** Pairs replies with requests by their `id`. */
export interface Requests {
  /**
   * Rejects with the problem of the reply, and with `unavailable` when none came in time or the
   * connection went first: then the outcome is unknown.
   */
  request<R extends Request>(
    request: R,
    options?: RequestOptions,
  ): Promise<ReplyData<R["type"]>>;
  settle(reply: ReplyFrame): void;
  failAll(error: ParleyError): void;
}

interface Waiting {
  resolve(data: never): void;
  reject(error: unknown): void;
}

const replyMs = 10_000;

export function createRequests(
  clock: Clock,
  frameBytes: () => number,
  send: (text: string) => void,
): Requests {
  const waiting = new Map<unknown, Waiting>();
  let lastId = 0;

  return {
    request: (request, { signal, timeoutMs = replyMs } = {}) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const id = ++lastId;
        const text = encode({ ...request, id }, frameBytes());

        const done = () => {
          waiting.delete(id);
          cancel();
          signal?.removeEventListener("abort", onAbort);
        };
        const fail = (error: unknown) => {
          done();
          reject(error);
        };
        const onAbort = () => fail(signal?.reason);
        const cancel = clock.after(
          timeoutMs,
          () => fail(unavailable(`No reply within ${timeoutMs} ms`)),
        );
        signal?.addEventListener("abort", onAbort, { once: true });
        waiting.set(id, {
          reject: fail,
          resolve(data) {
            done();
            resolve(data);
          },
        });
        try {
          send(text);
        } catch (error) {
          fail(error);
        }
      }),

    settle(reply) {
      const asked = waiting.get(reply.id);
      if (reply.ok) asked?.resolve(reply.data as never);
      else asked?.reject(new ParleyError(reply.error));
    },

    failAll(error) {
      for (const asked of [...waiting.values()]) asked.reject(error);
    },
  };
}

/**
 * The frame as text. A frame that the service would refuse costs the whole connection, so what is
 * wrong with it is found here.
 */
export function encode(frame: object, frameBytes: number): string {
  if ((frame as { type?: unknown }).type !== "hello") {
    const checked = ClientFrame.safeParse(frame);
    if (!checked.success) {
      throw new ParleyError(invalidInput(checked.error).document());
    }
  }
  const text = JSON.stringify(frame);
  // UTF-8 takes at most three bytes a UTF-16 unit.
  const isLarge = text.length * 3 > frameBytes &&
    new TextEncoder().encode(text).length > frameBytes;
  if (isLarge) {
    throw clientError("too_large", {
      detail: `A frame has at most ${frameBytes} bytes`,
    });
  }
  return text;
}
