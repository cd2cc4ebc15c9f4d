import type { ChatId } from "../protocol/ids.ts";
import type { ChatEvent } from "./apply.ts";
import { jittered } from "./backoff.ts";
import { sleep } from "./clock.ts";
import { hasCode } from "./error.ts";
import type { Platform } from "./platform.ts";

/** Chats that the service speaks of before this client knows them. */
export interface Newcomers {
  /** Holds the event back until the chat is known. */
  hold(event: ChatEvent): void;
  /** Reads the chat now. */
  load(chatId: ChatId): void;
  /** The chat is known, or gone: hands out what was held. */
  release(chatId: ChatId): readonly ChatEvent[];
  /** Stops reading; `up` takes it up again. */
  down(): void;
  up(): void;
  clear(): void;
}

interface Newcomer {
  events: ChatEvent[];
  stop: () => void;
}

/** How long `chat.created` may be overtaken by the chat's own events. */
const overtakenMs = 500;
const retry = { baseMs: 500, capMs: 10_000 };
const mostHeld = 1_000;

/** `read` reads a chat and makes it known. */
export function createNewcomers(
  { clock, random }: Platform,
  read: (chatId: ChatId, signal: AbortSignal) => Promise<void>,
  onFault: (error: unknown) => void,
): Newcomers {
  const newcomers = new Map<ChatId, Newcomer>();

  function of(chatId: ChatId): Newcomer {
    const known = newcomers.get(chatId);
    if (known) return known;
    const newcomer = { events: [], stop: () => {} };
    newcomers.set(chatId, newcomer);
    return newcomer;
  }

  async function readUntilKnown(chatId: ChatId, signal: AbortSignal) {
    for (let attempt = 0;; attempt++) {
      try {
        return await read(chatId, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!hasCode(error, "unavailable", "rate_limited")) {
          newcomers.delete(chatId);
          // Gone again, or never the caller's: nothing to know.
          return hasCode(error, "not_found") ? undefined : onFault(error);
        }
      }
      const wait = jittered(attempt, retry, random);
      // Rejects only because it was cut short.
      await sleep(clock, wait, signal).catch(() => {});
    }
  }

  function load(chatId: ChatId) {
    const newcomer = of(chatId);
    newcomer.stop();
    const controller = new AbortController();
    newcomer.stop = () => controller.abort();
    void readUntilKnown(chatId, controller.signal);
  }

  function stop() {
    for (const newcomer of newcomers.values()) newcomer.stop();
  }

  return {
    load,
    hold(event) {
      const isFirst = !newcomers.has(event.chatId);
      const newcomer = of(event.chatId);
      if (newcomer.events.length < mostHeld) newcomer.events.push(event);
      if (!isFirst) return;
      newcomer.stop = clock.after(overtakenMs, () => load(event.chatId));
    },
    release(chatId) {
      const newcomer = newcomers.get(chatId);
      newcomers.delete(chatId);
      newcomer?.stop();
      return newcomer?.events ?? [];
    },
    down() {
      stop();
      for (const newcomer of newcomers.values()) newcomer.events = [];
    },
    up() {
      for (const chatId of newcomers.keys()) load(chatId);
    },
    clear() {
      stop();
      newcomers.clear();
    },
  };
}
