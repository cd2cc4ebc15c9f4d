import type { Event } from "../protocol/events.ts";
import { closeCodes } from "../protocol/frames.ts";
import type { Welcome } from "../protocol/sync.ts";
import { abortable } from "./abortable.ts";
import { sleep } from "./clock.ts";
import { hasCode, isRefusal, type ParleyError, unavailable } from "./error.ts";
import { type Link, type LinkEnd, openLink } from "./link.ts";
import type { Platform } from "./platform.ts";
import { reconnectDelay } from "./reconnect_delay.ts";
import type { Session } from "./session.ts";

/**
 * `closed`: not wanted (yet, or no more). `connecting`: on its way, hello included. `live`: every
 * event comes in. `offline`: lost, waiting for the next attempt.
 */
export type ConnectionState = "closed" | "connecting" | "live" | "offline";

/** Keeps one link to the service alive for as long as it is wanted and somebody is signed in. */
export interface Connection {
  readonly state: ConnectionState;
  /** The link, while it is live. */
  readonly link: Link | undefined;
  open(): void;
  /** `why` is what those who wait for a live link get to hear. */
  close(why?: unknown): void;
  /** Starts over at once, hello included. */
  restart(): void;
  /** Waits for a live link. Rejects when the connection is closed. */
  live(signal?: AbortSignal): Promise<Link>;
}

export interface ConnectionOptions {
  readonly platform: Platform;
  readonly url: string;
  readonly session: Session;
  /** What hello resumes from. */
  cursor(): string | undefined;
  onState(state: ConnectionState): void;
  /** Within the turn of the message: no event comes before it. */
  onWelcome(welcome: Welcome, link: Link): void;
  onEvent(event: Event): void;
  onDown(): void;
  /** The service does not understand what hello said. */
  onMisunderstood(refusal: ParleyError): void;
  onFault(error: unknown): void;
}

interface Ended extends LinkEnd {
  /** Absent when it never was live. */
  readonly liveSince?: number;
  /** What the service asked for before it closed. */
  readonly hintMs?: number;
}

/** A connection that lasted this long was sound: the next failure counts as the first one. */
const soundMs = 10_000;

export function createConnection(options: ConnectionOptions): Connection {
  const { platform, session } = options;
  const { clock } = platform;
  let state: ConnectionState = "closed";
  let link: Link | undefined;
  let wanted: AbortController | undefined;
  let nextLink = Promise.withResolvers<Link>();
  let wake = () => {};
  let isRestarting = false;

  function become(next: ConnectionState) {
    if (state === next) return;
    state = next;
    options.onState(next);
  }

  /** One connection, from hello to its end. */
  function connect(token: string, signal: AbortSignal) {
    const ended = Promise.withResolvers<Ended>();
    const life: { liveSince?: number; hintMs?: number } = {};
    const opened = openLink({
      platform,
      url: options.url,
      token,
      cursor: options.cursor(),
      onWelcome(welcome, welcomed) {
        life.liveSince = clock.now();
        link = welcomed;
        options.onWelcome(welcome, welcomed);
        // The welcome may have been a reason to start over.
        if (link !== welcomed) return;
        become("live");
        nextLink.resolve(welcomed);
      },
      onEvent(event) {
        if (event.type === "server.draining") life.hintMs = event.reconnectInMs;
        options.onEvent(event);
      },
      onFault: options.onFault,
      onEnd(end) {
        signal.removeEventListener("abort", close);
        if (link) {
          link = undefined;
          nextLink = Promise.withResolvers();
          options.onDown();
        }
        ended.resolve({ ...end, ...life });
      },
    });
    const close = () => opened.close();
    signal.addEventListener("abort", close, { once: true });
    return ended.promise;
  }

  /** Ends when the connection is no longer wanted, or with the reason why it cannot be had. */
  async function run(signal: AbortSignal): Promise<unknown> {
    let refused: string | undefined;
    let failures = 0;
    while (!signal.aborted) {
      become("connecting");
      let waitMs;
      try {
        const token = refused === undefined
          ? await session.token()
          : await session.renewed(refused);
        if (signal.aborted) break;
        const end = await connect(token, signal);
        if (signal.aborted) break;
        if (isFault(end.code)) options.onFault(faultOf(end));
        if (end.refusal?.code === "invalid_input") {
          options.onMisunderstood(end.refusal);
        }
        if (clock.now() - (end.liveSince ?? Infinity) >= soundMs) failures = 0;
        waitMs = reconnectDelay({
          code: end.code,
          hintMs: end.hintMs ?? end.refusal?.retryAfterMs,
          failures,
          isRepeatedRefusal: refused !== undefined,
        }, platform.random);
        const isRefused = end.code === closeCodes.unauthenticated;
        refused = isRefused ? token : undefined;
      } catch (error) {
        if (isRefusal(error)) return error;
        if (!hasCode(error, "unavailable", "rate_limited")) {
          options.onFault(error);
        }
        waitMs = reconnectDelay({ code: 1006, failures }, platform.random);
      }
      failures++;
      if (!isRestarting && waitMs > 0) await rest(waitMs, signal);
      isRestarting = false;
    }
  }

  async function rest(ms: number, signal: AbortSignal) {
    if (signal.aborted) return;
    become("offline");
    const woken = new AbortController();
    wake = () => woken.abort();
    const until = AbortSignal.any([signal, woken.signal]);
    // Rejects only because it was cut short.
    await sleep(clock, ms, until).catch(() => {});
  }

  const onOnline = () => wake();

  function close(why: unknown = unavailable("The connection is closed")) {
    if (!wanted) return;
    const ending = wanted;
    wanted = undefined;
    platform.network?.removeEventListener("online", onOnline);
    ending.abort();
    nextLink.promise.catch(() => {});
    nextLink.reject(why);
    become("closed");
  }

  return {
    close,

    get state() {
      return state;
    },
    get link() {
      return link;
    },

    open() {
      if (wanted) return;
      const own = wanted = new AbortController();
      nextLink = Promise.withResolvers();
      platform.network?.addEventListener("online", onOnline);
      void run(own.signal).then((why) => {
        if (wanted === own) close(why);
      });
    },

    restart() {
      isRestarting = link !== undefined;
      link?.close();
    },

    live(signal) {
      if (!wanted) {
        return Promise.reject(unavailable("The connection is closed"));
      }
      return abortable(nextLink.promise, signal);
    },
  };
}

const isFault = (code: number) =>
  code === closeCodes.badFrame || code === closeCodes.frameTooLarge;

const faultOf = ({ code, reason }: LinkEnd) =>
  unavailable(`The service refused what this client sent: ${code} ${reason}`);
