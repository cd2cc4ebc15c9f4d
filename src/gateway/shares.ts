import {
  createTokenBucket,
  type Rate,
  type TokenBucket,
} from "../lib/token_bucket.ts";
import type { UserId } from "../protocol/ids.ts";
import { limits } from "../protocol/limits.ts";

const frameRate: Rate = {
  burst: limits.frameBurstOfAccount,
  perSecond: limits.framesPerSecondOfAccount,
};

/** What the connections of one account use together, however many there are. */
export class Share {
  readonly #rate: TokenBucket;
  #connections = 0;
  #requests = 0;

  constructor(now: () => number, private readonly onIdle: () => void) {
    this.#rate = createTokenBucket(frameRate, now);
  }

  /** False where there are as many connections as there may be. */
  join(): boolean {
    if (this.#connections >= limits.connectionsOfAccount) return false;
    this.#connections++;
    return true;
  }

  leave(): void {
    this.#connections--;
    this.#forget();
  }

  /** False where too many frames came. */
  takeFrame(): boolean {
    return this.#rate.take() === 0;
  }

  /** False where as many requests are under way as may be. */
  begin(): boolean {
    if (this.#requests >= limits.requestsAtOnceOfAccount) return false;
    this.#requests++;
    return true;
  }

  /** A request may end long after its connection. */
  end(): void {
    this.#requests--;
    this.#forget();
  }

  #forget(): void {
    if (this.#connections === 0 && this.#requests === 0) this.onIdle();
  }
}

/** The shares of everybody who is connected here, or has a request under way. */
export interface Shares {
  /** The account's share, joined; undefined where it has all the connections it may have. */
  join(userId: UserId): Share | undefined;
  readonly size: number;
}

/**
 * Connections cost nothing to open, and the lanes behind them belong to all: so an account is
 * bounded, and not its connections alone. Counts on this isolate.
 */
export function createShares(now: () => number): Shares {
  const shares = new Map<UserId, Share>();

  return {
    join(userId) {
      let share = shares.get(userId);
      if (!share) {
        share = new Share(now, () => shares.delete(userId));
        shares.set(userId, share);
      }
      return share.join() ? share : undefined;
    },
    get size() {
      return shares.size;
    },
  };
}
