import { Problem } from "../protocol/problem.ts";
import { Connection } from "./connection.ts";

/** A connection that nobody else uses until it is handed back. */
export interface Lease {
  readonly connection: Connection;
  /** Hands it back for the next one. Only the first of `release` and `discard` counts. */
  release(): void;
  /** Ends it instead, and puts a new one in its place: it may be stuck, or in the middle of something. */
  discard(): void;
}

interface Waiting {
  take(connection: Connection): void;
  giveUp(): void;
}

/** How long ending the pool waits for what is in flight. */
const graceMs = 2000;

/** A number of connections at most, each lent to one user at a time, first come, first served. */
export class Pool implements AsyncDisposable {
  readonly #open: () => Connection;
  #max: number;
  readonly #waitMs: number;
  readonly #all = new Set<Connection>();
  readonly #idle: Connection[] = [];
  readonly #waiting = new Set<Waiting>();

  constructor(open: () => Connection, max: number, waitMs: number) {
    this.#open = open;
    this.#max = max;
    this.#waitMs = waitMs;
  }

  /** Rejects with `unavailable` where no connection becomes free in time. */
  async lease(): Promise<Lease> {
    const connection = this.#idle.pop() ?? this.#grow() ?? await this.#wait();
    const { losses } = connection;
    let held = true;
    const end = (keep: boolean) => {
      if (!held) return;
      held = false;
      // The driver blames the next query for what ended the session of the one before.
      if (keep && connection.losses === losses) this.#hand(connection);
      else this.#replace(connection);
    };
    return {
      connection,
      release: () => end(true),
      discard: () => end(false),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#max = 0;
    for (const waiting of this.#waiting) waiting.giveUp();
    await Promise.all([...this.#all].map((each) => each.end(graceMs)));
  }

  #grow(): Connection | undefined {
    if (this.#all.size >= this.#max) return undefined;
    const connection = this.#open();
    this.#all.add(connection);
    return connection;
  }

  #replace(connection: Connection): void {
    this.#all.delete(connection);
    // Nothing is left to do for a connection that cannot even be ended.
    connection.end(0).catch(() => {});
    const fresh = this.#grow();
    if (fresh) this.#hand(fresh);
  }

  #hand(connection: Connection): void {
    const [next] = this.#waiting;
    if (next) next.take(connection);
    else this.#idle.push(connection);
  }

  #wait(): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.#waiting.delete(waiting);
        clearTimeout(late);
      };
      const waiting: Waiting = {
        take: (connection) => {
          settle();
          resolve(connection);
        },
        giveUp: () => {
          settle();
          reject(
            new Problem("unavailable", {
              detail: "No database connection became free in time",
              retryAfterMs: 1000,
            }),
          );
        },
      };
      const late = setTimeout(waiting.giveUp, this.#waitMs);
      this.#waiting.add(waiting);
    });
  }
}
