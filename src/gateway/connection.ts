import type { Caller } from "../http/env.ts";
import type { ServerFrame } from "../protocol/frames.ts";
import { closeCodes } from "../protocol/frames.ts";
import {
  createTokenBucket,
  type Rate,
  type TokenBucket,
} from "../lib/token_bucket.ts";
import type { DeviceId, UserId } from "../protocol/ids.ts";
import { limits } from "../protocol/limits.ts";
import type { Listener } from "./listener.ts";
import { sendOrClose, type Socket } from "./outbox.ts";
import type { Share } from "./shares.ts";

const frameRate: Rate = {
  burst: limits.frameBurst,
  perSecond: limits.framesPerSecond,
};

interface Held {
  readonly scopeId: string;
  readonly rev: number | undefined;
  readonly frame: string;
}

/** One client: its socket, who it is once it has said hello, and what waits to be sent to it. */
export class Connection implements Listener {
  readonly id: string = crypto.randomUUID();
  readonly rate: TokenBucket;
  /** Silent until its hello comes, live from the answer on. */
  phase: "silent" | "greeting" | "live" = "silent";
  hidesReads?: boolean;
  /** Requests under way. */
  requests = 0;
  /** What it uses together with the account's other connections; undefined until its hello. */
  share?: Share;
  #caller: Caller | undefined;
  /** Events that arrive while hello is being answered; undefined once they flow. */
  #held: Held[] | undefined = [];
  #closed = false;

  /** `onEnd` is called once, when nothing can be sent any more. */
  constructor(
    private readonly socket: Socket,
    readonly openedAt: number,
    now: () => number,
    private readonly onEnd: (connection: Connection) => void,
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
    if (!this.#closed) this.#write(JSON.stringify(frame));
  }

  deliver(scopeId: string, rev: number | undefined, frame: string): void {
    if (this.#closed) return;
    if (this.#held) this.#held.push({ scopeId, rev, frame });
    else this.#write(frame);
  }

  /**
   * Lets the events flow: first those held back that the snapshot does not contain, of the scopes
   * that the connection is still in.
   */
  flow(
    revs: ReadonlyMap<string, number>,
    isIn: (scopeId: string) => boolean,
  ): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const { scopeId, rev, frame } of held) {
      const isNew = rev === undefined || rev > (revs.get(scopeId) ?? 0);
      if (isNew && isIn(scopeId)) {
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
    if (this.socket.readyState === WebSocket.OPEN) {
      this.socket.close(code, reason);
    }
    this.end();
  }

  /** It is over. A client that does not answer the close holds nothing but its socket. */
  end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#held = undefined;
    this.onEnd(this);
  }

  #write(frame: string): void {
    if (!sendOrClose(this.socket, frame)) this.end();
  }
}
