import { percentile } from "../statistics.ts";
import type { Percentiles, SendsInStorm } from "./crowd_orders.ts";
import type { Member } from "./member.ts";
import { textOf } from "./text.ts";

interface Sent {
  readonly dueAt: number;
  answeredAt: number | undefined;
}

const slowMs = 1000;

/** Pairs that write at a steady rate, and how long each message took from when it was due. */
export class Writers {
  readonly #sent = new Map<string, Sent>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly pairs: readonly { chatId: string; sender: Member }[],
  ) {}

  start(perSecond: number): void {
    this.#timer = setInterval(() => {
      for (const { chatId, sender } of this.pairs) {
        const messageId = crypto.randomUUID();
        this.#sent.set(messageId, {
          dueAt: performance.now(),
          answeredAt: undefined,
        });
        sender.send(chatId, messageId, textOf(messageId));
      }
    }, 1000 / perSecond);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Those whose message it is not are not asked. */
  answered(messageId: string, ok: boolean): void {
    const sent = this.#sent.get(messageId);
    // One that is refused is due again: what counts is when it is stored.
    if (sent && ok) sent.answeredAt = performance.now();
  }

  get unanswered(): number {
    return this.#sent.values()
      .filter(({ answeredAt }) => answeredAt === undefined).toArray().length;
  }

  /** From `since` on; what was due before and not answered then counts from there. */
  figures(since: number): SendsInStorm {
    const counted = this.#sent.values().flatMap(({ dueAt, answeredAt }) =>
      answeredAt === undefined || answeredAt < since
        ? []
        : [{ ms: answeredAt - Math.max(dueAt, since), answeredAt }]
    ).toArray();
    const slow = counted.filter(({ ms }) => ms > slowMs);
    return {
      count: counted.length,
      ...percentiles(counted.map(({ ms }) => ms)),
      slowUntilMs: Math.max(
        0,
        ...slow.map(({ answeredAt }) => answeredAt - since),
      ),
    };
  }
}

export const percentiles = (samples: readonly number[]): Percentiles => ({
  p50Ms: percentile(samples, 0.5),
  p99Ms: percentile(samples, 0.99),
  maxMs: percentile(samples, 1),
});
