import type { ChatId } from "../protocol/ids.ts";
import { abortable } from "./abortable.ts";
import type { ChatKeeper } from "./chat_keeper.ts";
import type { ChatRegistry } from "./chat_registry.ts";
import {
  chatOf,
  type ChatState,
  stateOfItem,
  withMembers,
  withOwn,
} from "./chat_state.ts";
import { clientError, hasCode } from "./error.ts";
import { withHistory } from "./message_window.ts";
import type { Source } from "./source.ts";

export interface OpenOptions {
  /** How many of the newest messages to load. */
  readonly messages?: number;
  readonly signal?: AbortSignal;
}

/** Loads what an application shows of a chat, beside what changes in it. */
export interface Loader {
  /** Rejected as `unavailable`, it is done all the same once the connection is back. */
  open(chatId: ChatId, options?: OpenOptions): Promise<ChatState>;
  older(chatId: ChatId, options?: OpenOptions): Promise<ChatState>;
  close(chatId: ChatId): void;
  /** Opens those again that could not be opened, or were forgotten since. */
  reopen(): void;
  clear(): void;
}

const defaultMessages = 50;

export function createLoader(
  registry: ChatRegistry,
  source: Source,
  onFault: (error: unknown) => void,
): Loader {
  /** How many messages each was opened with. */
  const opened = new Map<ChatId, number>();

  async function open(chatId: ChatId, limit: number, signal?: AbortSignal) {
    const known = registry.chats.get(chatId);
    // First the chat with its rev: what is read after it can only be newer.
    const keeper = known ??
      registry.adopt(stateOfItem(await source.chat(chatId, signal)));
    await keeper.load(async (signal) => {
      const isKnown = keeper.state.chat && keeper.state.draft !== undefined;
      const item = isKnown ? undefined : await source.chat(chatId, signal);
      const { kind } = (item ?? keeper.state.chat)!;
      const [members, page] = await Promise.all([
        // However many have subscribed, and not for everybody to see.
        kind === "channel" ? [] : source.members(chatId, signal),
        source.history(chatId, { limit }, signal),
      ]);
      return (state) => {
        const loaded = withHistory(withMembers(state, members), page);
        return item ? withOwn({ ...loaded, chat: chatOf(item) }, item) : loaded;
      };
    });
    keeper.isOpen = opened.has(chatId);
    return keeper.state;
  }

  function keeperOf(chatId: ChatId): ChatKeeper {
    const keeper = registry.chats.get(chatId);
    if (keeper) return keeper;
    throw clientError("not_found", { detail: "The chat has not been opened" });
  }

  return {
    async open(chatId, { messages = defaultMessages, signal } = {}) {
      opened.set(chatId, messages);
      return await abortable(open(chatId, messages, signal), signal);
    },

    async older(chatId, { messages = defaultMessages, signal } = {}) {
      const keeper = keeperOf(chatId);
      const older = keeper.load(async (signal) => {
        const before = keeper.state.from;
        if (before <= 1) return (state) => state;
        const query = { before, limit: messages };
        const page = await source.history(chatId, query, signal);
        return (state) => withHistory(state, page);
      });
      await abortable(older, signal);
      return keeper.state;
    },

    close(chatId) {
      opened.delete(chatId);
      const keeper = registry.chats.get(chatId);
      if (keeper) keeper.isOpen = false;
    },

    reopen() {
      for (const [chatId, limit] of opened) {
        const keeper = registry.chats.get(chatId);
        if (!keeper || keeper.isOpen) continue;
        void open(chatId, limit).catch((error) => {
          if (!hasCode(error, "unavailable")) onFault(error);
        });
      }
    },

    clear() {
      opened.clear();
    },
  };
}
