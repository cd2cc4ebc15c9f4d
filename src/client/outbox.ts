import type { SendReply } from "../protocol/frames.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { abortable } from "./abortable.ts";
import { type Backoff, jittered } from "./backoff.ts";
import { sleep } from "./clock.ts";
import { hasCode, type ParleyError } from "./error.ts";
import type { Settled } from "./events.ts";
import type { OutboxEntry, OutboxStore } from "./outbox_store.ts";
import type { Platform } from "./platform.ts";

/** Sends messages until the service has confirmed or refused them, those of a chat in the order given. */
export interface Outbox {
  /** What is not confirmed yet, oldest first. */
  entries(chatId?: ChatId): readonly OutboxEntry[];
  /**
   * Resolves once the message is durable. Rejects with what the service has against it, or with the
   * signal's reason: then it is not sent again, but may have arrived.
   */
  send(entry: OutboxEntry, signal?: AbortSignal): Promise<SendReply>;
  /** Takes up what the store still holds of this person's. */
  restore(userId: UserId): Promise<void>;
  /** Sends nothing more; those waiting get to hear why. The store keeps what it has, unless told not to. */
  stop(why: unknown, isKept: boolean): void;
}

export interface OutboxOptions {
  readonly platform: Platform;
  readonly store: OutboxStore;
  /** How many messages of one chat may be on their way at once. */
  readonly inFlightPerChat: number;
  /** One attempt. It waits for a connection, for as long as there is one to wait for. */
  deliver(entry: OutboxEntry, signal: AbortSignal): Promise<SendReply>;
  onSettled(settled: Settled): void;
  onFault(error: unknown): void;
}

interface Item {
  readonly entry: OutboxEntry;
  readonly stored: Promise<void>;
  readonly result: PromiseWithResolvers<SendReply>;
  /** Ends the attempts. */
  readonly abandoned: AbortController;
  /** Whether the store keeps it even though it has come to its end here. */
  isKept: boolean;
}

const retry: Backoff = { baseMs: 250, capMs: 10_000 };
/** A fault of the service that does not pass must not hold up the chat for ever. */
const mostFaults = 5;

export function createOutbox(options: OutboxOptions): Outbox {
  const { platform: { clock, random }, store } = options;
  const items = new Map<OutboxEntry["messageId"], Item>();
  const queues = new Map<ChatId, { items: Item[]; running: number }>();

  async function attempt({ entry, stored, abandoned: { signal } }: Item) {
    await abortable(stored, signal);
    for (let tries = 1;; tries++) {
      try {
        return await options.deliver(entry, signal);
      } catch (error) {
        const isPassing = hasCode(error, "unavailable", "rate_limited") ||
          (hasCode(error, "internal") && tries < mostFaults);
        if (!isPassing) throw error;
        const hint = (error as ParleyError).retryAfterMs ?? 0;
        await sleep(clock, hint + jittered(tries - 1, retry, random), signal);
      }
    }
  }

  async function settle(item: Item) {
    const { entry, result } = item;
    try {
      const reply = await attempt(item);
      await forget(entry);
      result.resolve(reply);
      options.onSettled({ entry, reply });
    } catch (error) {
      // The next to sign in, if it is the same person, takes it up where it stands.
      if (item.isKept) items.delete(entry.messageId);
      else await forget(entry);
      result.reject(error);
      options.onSettled({ entry, error });
    }
  }

  async function forget(entry: OutboxEntry) {
    items.delete(entry.messageId);
    // What stays in the store is sent once more at the next start, which changes nothing.
    await store.remove(entry.messageId).catch(options.onFault);
  }

  function pump(chatId: ChatId) {
    const queue = queues.get(chatId);
    while (queue && queue.running < options.inFlightPerChat) {
      const item = queue.items.shift();
      if (!item) break;
      queue.running++;
      void settle(item).then(() => {
        queue.running--;
        pump(chatId);
      });
    }
    if (queue?.running === 0) queues.delete(chatId);
  }

  function enqueue(entry: OutboxEntry, stored: Promise<void>): Item {
    const item: Item = {
      entry,
      stored,
      result: Promise.withResolvers(),
      abandoned: new AbortController(),
      isKept: false,
    };
    // Nobody may be waiting for a restored one.
    item.result.promise.catch(() => {});
    items.set(entry.messageId, item);
    const queue = queues.get(entry.chatId) ?? { items: [], running: 0 };
    queues.set(entry.chatId, queue);
    queue.items.push(item);
    pump(entry.chatId);
    return item;
  }

  function abandon(item: Item, why: unknown) {
    item.abandoned.abort(why);
    const queued = queues.get(item.entry.chatId)?.items ?? [];
    const place = queued.indexOf(item);
    // Not its turn yet: it does not wait for those before it.
    if (place >= 0) void settle(...queued.splice(place, 1) as [Item]);
  }

  return {
    entries: (chatId) =>
      [...items.values()].map(({ entry }) => entry)
        .filter((entry) => chatId === undefined || entry.chatId === chatId),

    async send(entry, signal) {
      signal?.throwIfAborted();
      const item = items.get(entry.messageId) ??
        enqueue(entry, store.add(entry));
      const onAbort = () => abandon(item, signal?.reason);
      signal?.addEventListener("abort", onAbort, { once: true });
      try {
        return await item.result.promise;
      } finally {
        signal?.removeEventListener("abort", onAbort);
      }
    },

    async restore(userId) {
      for (const entry of await store.load()) {
        const isOwn = entry.senderId === userId;
        if (isOwn && !items.has(entry.messageId)) {
          enqueue(entry, Promise.resolve());
        }
      }
    },

    stop(why, isKept) {
      for (const item of [...items.values()]) {
        item.isKept = isKept;
        abandon(item, why);
      }
    },
  };
}
