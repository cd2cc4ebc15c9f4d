import type { Caller } from "../http/env.ts";
import type { ServerFrame } from "../protocol/frames.ts";
import { closeCodes } from "../protocol/frames.ts";
import {
  createTokenBucket,
  type Rate,
  type TokenBucket,
} from "../lib/token_bucket.ts";
import type { DeviceId, UserId } from "../protocol/ids.ts";
import type { Listener } from "./hub.ts";
import { sendOrClose, type Socket } from "./outbox.ts";

/** Frames a client may send: far above what people and well-built clients do. */
export const frameRate: Rate = { burst: 1000, perSecond: 500 };

/** Requests of one connection that may be under way at once. */
export const requestsAtOnce = 256;

interface Held {
  readonly scopeId: string;
  readonly rev: number | undefined;
  readonly frame: string;
}

/** One client: its socket, who it is once it has said hello, and what waits to be sent to it. */
export class Connection implements Listener {
  readonly id: string = crypto.randomUUID();
  readonly rate: TokenBucket;
  requests = 0;
  #caller: Caller | undefined;
  /** Events that arrive while hello is being answered; undefined once they flow. */
  #held: Held[] | undefined = [];
  #closed = false;

  constructor(
    private readonly socket: Socket,
    readonly openedAt: number,
    now: () => number,
  ) {
    this.rate = createTokenBucket(frameRate, now);
  }

  get caller(): Caller | undefined {
    return this.#caller;
  }

  get userId(): UserId {
    return this.#caller!.userId;
  }

  get deviceId(): DeviceId {
    return this.#caller!.deviceId;
  }

  get isClosed(): boolean {
    return this.#closed || this.socket.readyState !== WebSocket.OPEN;
  }

  /** Says whose connection this is, at hello and with each new token. */
  identify(caller: Caller): void {
    this.#caller = caller;
  }

  send(frame: ServerFrame): void {
    if (!this.#closed) sendOrClose(this.socket, JSON.stringify(frame));
  }

  deliver(scopeId: string, rev: number | undefined, frame: string): void {
    if (this.#closed) return;
    if (this.#held) this.#held.push({ scopeId, rev, frame });
    else sendOrClose(this.socket, frame);
  }

  /** Lets the events flow: first those held back that the snapshot does not contain. */
  flow(revs: ReadonlyMap<string, number>): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const { scopeId, rev, frame } of held) {
      if (rev === undefined || rev > (revs.get(scopeId) ?? 0)) {
        this.deliver(scopeId, rev, frame);
      }
    }
  }

  revoke(): void {
    this.close(closeCodes.unauthenticated, "The device was signed out");
  }

  /** Nothing is sent after this, whatever the socket still does. */
  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.socket.readyState === WebSocket.OPEN) {
      this.socket.close(code, reason);
    }
  }
}
