import type { Event } from "../protocol/events.ts";
import {
  closeCodes,
  type ReplyFrame,
  subprotocol,
} from "../protocol/frames.ts";
import { limits } from "../protocol/limits.ts";
import type { Welcome } from "../protocol/sync.ts";
import { isRefusal, ParleyError, unavailable } from "./error.ts";
import { type Liveness, watchSilence } from "./liveness.ts";
import { createPacer } from "./pacer.ts";
import type { Platform } from "./platform.ts";
import { createRequests, encode, type Requests } from "./requests.ts";

/** One WebSocket connection, from opening to its end. */
export interface Link {
  readonly request: Requests["request"];
  /** Sends what is not answered; dropped when the connection is not open. */
  notify(frame: { type: "typing"; chatId: string; active: boolean }): void;
  /** Ends it at once, without waiting for the other side. */
  close(): void;
}

export interface LinkEnd {
  /** What the service closed with (`closeCodes`), or 1006 when it is simply gone. */
  readonly code: number;
  readonly reason: string;
  /** Why hello was refused, if it was. */
  readonly refusal: ParleyError | undefined;
}

export interface LinkOptions {
  readonly platform: Platform;
  readonly url: string;
  readonly token: string;
  readonly cursor: string | undefined;
  /** Called once, before any event. */
  onWelcome(welcome: Welcome, link: Link): void;
  onEvent(event: Event): void;
  /** What came cannot be read or handled: a fault of one of the two sides. The connection ends. */
  onFault(error: unknown): void;
  /** Called once, last of all. */
  onEnd(end: LinkEnd): void;
}

const gone = 1006;
const openingMs = 10_000;
const pingMs = 10_000;

export function openLink(options: LinkOptions): Link {
  const { platform: { WebSocket, clock }, url, token, cursor } = options;
  const socket = new WebSocket(url, subprotocol);
  let frameBytes: number = limits.frameBytes;
  let liveness: Liveness | undefined;
  let refusal: ParleyError | undefined;
  let isOver = false;

  const pacer = createPacer(clock, (text) => socket.send(text));
  const requests = createRequests(
    clock,
    () => frameBytes,
    (text) => {
      // A closing socket drops what it is given without a word.
      if (socket.readyState === 1) pacer.send(text);
      else throw unavailable("The connection is not open");
    },
  );
  const cancelOpening = clock.after(
    openingMs,
    () => end(gone, `Not open within ${openingMs} ms`),
  );
  const link: Link = {
    request: requests.request,
    notify(frame) {
      if (socket.readyState === 1) pacer.send(encode(frame, frameBytes));
    },
    close: () => end(gone, "Closed by this side"),
  };

  function end(code: number, reason: string) {
    if (isOver) return;
    isOver = true;
    cancelOpening();
    liveness?.stop();
    pacer.stop();
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    requests.failAll(
      unavailable(`The connection was lost (${code} ${reason})`),
    );
    options.onEnd({ code, reason, refusal });
  }

  /** Within the message's own turn, so that no event can come before it. */
  function welcome(data: Welcome) {
    cancelOpening();
    frameBytes = data.limits.frameBytes;
    liveness = watchSilence(
      clock,
      2 * data.heartbeatMs,
      () => link.request({ type: "ping" }, { timeoutMs: pingMs }),
      () => end(gone, "No answer to a ping"),
    );
    options.onWelcome(data, link);
  }

  const helloId = 0;
  function receive(text: unknown) {
    const frame = JSON.parse(String(text)) as Event | ReplyFrame;
    if (frame.type !== "reply") return options.onEvent(frame);
    if (frame.id !== helloId) return requests.settle(frame);
    if (frame.ok) return welcome(frame.data as Welcome);
    refusal = new ParleyError(frame.error);
    end(
      isRefusal(refusal) ? closeCodes.unauthenticated : gone,
      "Hello was refused",
    );
  }

  socket.onopen = () => {
    const hello = {
      type: "hello",
      id: helloId,
      token,
      ...(cursor !== undefined && { cursor }),
    };
    socket.send(encode(hello, frameBytes));
  };
  socket.onmessage = ({ data }) => {
    liveness?.heard();
    // Where a handler throws, some runtimes end the process.
    try {
      receive(data);
    } catch (error) {
      options.onFault(error);
      end(gone, "A frame could not be handled");
    }
  };
  socket.onclose = ({ code, reason }) => end(code, reason);
  return link;
}
