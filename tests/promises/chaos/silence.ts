import type { Event } from "../../../src/protocol/events.ts";
import type { Client } from "./client.ts";
import type { FaultLog, Stretch } from "./fault_log.ts";

/** What stood in the way when somebody was removed or signed out. */
export type Weather = "relay up" | "relay down" | "amid other faults";

export interface SilenceParts {
  readonly log: FaultLog;
  /** Whether announcements reach other processes while nothing is wrong. */
  readonly crosses: boolean;
  readonly sweepMs: number;
  /** The same time as that of the log. */
  now?(): number;
}

/** What is promised while the relay works, in milliseconds. */
const relayMs = 1000;
/** What the news may take beside what is promised, on a busy machine, in milliseconds. */
const slackMs = 4000;
/** How long after a fault things may still be finding their way back, in milliseconds. */
const recoveryMs = 5000;

interface Adds {
  begun: number;
  /** Infinity once one was never answered: it may still happen. */
  open: number;
}

interface Watch {
  readonly what: string;
  readonly since: number;
  readonly processes: readonly number[];
  /** Whether it is still for this reason that it is waited for. */
  isStill(): boolean;
}

/**
 * Promise 5, measured: from the answer to a removal or sign-out, how long until the clients at other
 * processes are told or closed, and whether they hear something of it after they may.
 */
export class Silence {
  readonly took = new Map<Weather, number[]>();
  /** What was heard or held too long, as sentences. */
  readonly violations: string[] = [];
  readonly #parts: SilenceParts;
  readonly #now: () => number;
  /** Since when a person is out of a chat, by both. */
  readonly #out = new Map<string, number>();
  /** What may let a person into a chat, by both. */
  readonly #adds = new Map<string, Adds>();
  readonly #watches = new Set<Watch>();

  constructor(parts: SilenceParts) {
    this.#parts = parts;
    this.#now = parts.now ?? (() => performance.now());
  }

  /** Somebody asks to let a person in. Call the answer with whether that was answered. */
  adding(chatId: string, userId: string): (isAnswered: boolean) => void {
    const adds = this.#addsOf(chatId, userId);
    this.#out.delete(`${chatId}/${userId}`);
    adds.begun++;
    adds.open++;
    return (isAnswered) => adds.open = isAnswered ? adds.open - 1 : Infinity;
  }

  /**
   * Somebody asks process `by` to take a person out. Call the answer with the person's clients when
   * that is done.
   */
  removing(
    chatId: string,
    userId: string,
    by: number,
  ): (clients: readonly Client[]) => void {
    const key = `${chatId}/${userId}`;
    const adds = this.#addsOf(chatId, userId);
    const { begun, open } = adds;
    return (clients) => {
      // Nobody knows which came first.
      if (open > 0 || adds.open > 0 || adds.begun !== begun) return;
      const since = this.#now();
      this.#out.set(key, since);
      for (const client of clients) {
        const { name, line, follower, at } = client;
        if (!line || at === by || !follower.chats.has(chatId)) continue;
        this.#watch({
          what: `${name} at process ${at} still holds a chat`,
          since,
          processes: [by, at],
          isStill: () => client.line === line && this.#out.get(key) === since,
        }, follower.lost(chatId).then(() => client.line === line));
      }
    };
  }

  /** Process `by` has answered just now that a device is signed out. */
  signedOut(client: Client, deviceId: string, by: number): void {
    const { name, line, at } = client;
    if (!line || client.deviceId !== deviceId || at === by) return;
    this.#watch({
      what: `${name} at process ${at} is still connected`,
      since: this.#now(),
      processes: [by, at],
      isStill: () => client.line === line,
    }, line.closed.then(({ code }) => code === 4401));
  }

  /** Each event that a client hears. */
  heard(client: Client, event: Event): void {
    if (!("chatId" in event) || event.type === "chat.deleted") return;
    const since = this.#out.get(`${event.chatId}/${client.account.userId}`);
    if (since === undefined) return;
    const late = this.#now() - since;
    if (this.#now() < this.#due(since, [client.at])) return;
    this.violations.push(
      `${client.name} at process ${client.at} hears of a chat ${
        Math.round(late)
      } ms after the answer to the removal: ${JSON.stringify(event)}`,
    );
  }

  /** Adds those whom nobody has told by now although it is due. */
  review(): void {
    for (const watch of this.#watches) {
      const { what, since, processes } = watch;
      if (!watch.isStill()) this.#watches.delete(watch);
      else if (this.#now() > this.#due(since, processes)) {
        const late = Math.round(this.#now() - since);
        this.violations.push(`${what} ${late} ms after the answer`);
        this.#watches.delete(watch);
      }
    }
  }

  #watch(watch: Watch, end: Promise<boolean>): void {
    this.#watches.add(watch);
    const { what, since, processes } = watch;
    void end.then((isIt) => {
      if (!this.#watches.delete(watch) || !isIt) return;
      const now = this.#now();
      const took = now - since;
      const weather = this.#weather(since, now, processes);
      this.took.set(weather, [...this.took.get(weather) ?? [], took]);
      if (now > this.#due(since, processes)) {
        this.violations.push(`${what} until ${Math.round(took)} ms after`);
      }
    });
  }

  #addsOf(chatId: string, userId: string): Adds {
    const key = `${chatId}/${userId}`;
    const adds = this.#adds.get(key) ?? { begun: 0, open: 0 };
    this.#adds.set(key, adds);
    return adds;
  }

  /** What stood in the way at a moment, or shortly before. */
  #faults(
    from: number,
    to: number,
    processes: readonly number[],
  ): Stretch[] {
    return this.#parts.log.between(from - recoveryMs, to).filter(
      ({ process }) => process === undefined || processes.includes(process),
    );
  }

  #weather(since: number, to: number, processes: readonly number[]): Weather {
    const faults = this.#faults(since, to, processes);
    if (faults.length === 0) {
      return this.#parts.crosses ? "relay up" : "relay down";
    }
    const isCut = faults.every(({ hits }) => hits === "relay") &&
      faults.some(({ name, from, to: end }) =>
        name === "relay is cut" && from <= since && end >= to
      );
    return isCut ? "relay down" : "amid other faults";
  }

  /** Until when it may take, at the latest. */
  #due(since: number, processes: readonly number[]): number {
    const { sweepMs, crosses } = this.#parts;
    const isUp = crosses &&
      this.#faults(since, since + relayMs, processes).length === 0;
    let due = since + (isUp ? relayMs : sweepMs) + slackMs;
    // Without its database, or while it stands still, an isolate cannot know.
    for (const { from, to, hits } of this.#faults(since, due, processes)) {
      if (hits === "relay" || from > due) continue;
      due = Math.max(due, to + recoveryMs + sweepMs + slackMs);
    }
    return due;
  }
}
