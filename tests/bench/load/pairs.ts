import type { World } from "../systems/system.ts";
import type { Adapter, Connection } from "./adapter.ts";
import type { SendFigures, Stretch } from "./orders.ts";
import { pause } from "./pause.ts";
import { Stopwatch } from "./stopwatch.ts";
import { textOf } from "./text.ts";

const drainMs = 5000;
const refusalPauseMs = 20;

/** Two people of each pair, connected: one writes, the other listens. */
export class Pairs {
  /** When each message that has not reached its receiver was sent, or was due. */
  readonly travelling = new Map<string, number>();
  /** What a pair does once a message of its is answered. */
  next = (_pair: number): void => {};
  #senders: Connection[] = [];
  #unanswered = 0;
  #acknowledged = 0;
  #refused = 0;
  #lost: string | undefined;
  #stopwatch: Stopwatch | undefined;

  private constructor(private readonly world: World) {}

  static async connect(
    adapter: Adapter,
    host: string,
    world: World,
    receiverHost = host,
  ): Promise<Pairs> {
    const pairs = new Pairs(world);
    pairs.#senders = await Promise.all(world.pairs.map(
      async ({ chatId, sender, receiver }, pair) => {
        const lost = (reason: string) => pairs.#lost = reason;
        await adapter.connect(receiverHost, receiver, chatId, {
          acknowledged() {},
          received: (messageId) => pairs.#received(messageId),
          lost,
        });
        return adapter.connect(host, sender, chatId, {
          acknowledged: (messageId, ok) => pairs.#answered(pair, messageId, ok),
          received() {},
          lost,
        });
      },
    ));
    return pairs;
  }

  get count(): number {
    return this.#senders.length;
  }

  get unanswered(): number {
    return this.#unanswered;
  }

  send(pair: number, since = performance.now()): void {
    const messageId = crypto.randomUUID();
    this.travelling.set(messageId, since);
    this.#unanswered++;
    this.#senders[pair]!.send(
      this.world.pairs[pair]!.chatId,
      messageId,
      textOf(messageId),
    );
  }

  /** Reckons up a load, which starts sending and goes on until `goesOn` says no. */
  async measure(
    stretch: Stretch,
    load: (goesOn: () => boolean) => Promise<void>,
  ): Promise<SendFigures> {
    const stopwatch = this.#stopwatch = new Stopwatch(stretch);
    this.#acknowledged = this.#refused = 0;
    await load(() => stopwatch.runs && this.#lost === undefined);
    this.next = () => {};
    await this.#drain();
    const missing = this.travelling.size;
    this.travelling.clear();
    return {
      ...stopwatch.rate(),
      acknowledged: this.#acknowledged,
      refused: this.#refused,
      missing,
    };
  }

  /** Waits for the answers and, for as long, for what has not reached its receiver. */
  async #drain(): Promise<void> {
    const until = performance.now() + drainMs;
    while (this.#unanswered + this.travelling.size > 0) {
      if (this.#lost !== undefined) throw new Error(this.#lost);
      if (performance.now() > until) break;
      await pause(5);
    }
    if (this.#unanswered > 0) {
      throw new Error(`${this.#unanswered} sends were never answered`);
    }
  }

  #received(messageId: string): void {
    const since = this.travelling.get(messageId);
    if (since === undefined) return;
    this.travelling.delete(messageId);
    this.#stopwatch?.latency(since, performance.now());
  }

  #answered(pair: number, messageId: string, ok: boolean): void {
    this.#unanswered--;
    if (ok) {
      this.#acknowledged++;
      this.#stopwatch?.count(performance.now());
      this.next(pair);
    } else {
      this.#refused++;
      this.travelling.delete(messageId);
      setTimeout(() => this.next(pair), refusalPauseMs);
    }
  }
}
