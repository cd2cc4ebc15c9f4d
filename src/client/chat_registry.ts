import type { Event } from "../protocol/events.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import type { Changes, ChatHead } from "../protocol/sync.ts";
import { type ChatKeeper, keepChat } from "./chat_keeper.ts";
import { type ChatState, stateOfHead, stateOfItem } from "./chat_state.ts";
import type { Emitter } from "./emitter.ts";
import { hasCode } from "./error.ts";
import type { ClientEvents } from "./events.ts";
import { withHistory } from "./message_window.ts";
import { createNewcomers } from "./newcomers.ts";
import type { Platform } from "./platform.ts";
import type { Source } from "./source.ts";

/** Every chat of the account that is known here, and those about to be. */
export interface ChatRegistry {
  readonly chats: ReadonlyMap<ChatId, ChatKeeper>;
  /** The keeper of a chat that was read, made now unless there is one. */
  adopt(initial: ChatState): ChatKeeper;
  drop(chatId: ChatId): void;
  /** Where the service says chats stand. One that came while this client was away is read first. */
  heads(list: readonly ChatHead[], isFirst: boolean): void;
  /** Brings in what is missing; of open chats the receipts too, which move without a `rev`. */
  catchUp(withOpen: boolean): void;
  /** An event of one chat. */
  event(event: Event & { chatId: ChatId }): void;
  up(): void;
  down(): void;
  clear(): void;
}

export interface ChatRegistryOptions {
  readonly platform: Platform;
  readonly source: Source;
  readonly emit: Emitter<ClientEvents>["emit"];
  readonly keepMessages: number;
  me(): UserId;
  /** Rejects pages of another history. */
  checked(page: Changes): Changes;
  onState(state: ChatState): void;
}

/** How many messages a chat is read with when it came while this client was away. */
const newcomerMessages = 50;

export function createChatRegistry(options: ChatRegistryOptions): ChatRegistry {
  const { platform, source, emit } = options;
  const chats = new Map<ChatId, ChatKeeper>();
  const onFault = (error: unknown) => emit("error", error);
  const newcomers = createNewcomers(platform, readNewcomer, onFault);

  function adopt(initial: ChatState): ChatKeeper {
    const { chatId } = initial;
    const known = chats.get(chatId);
    if (known) return known;
    const keeper = keepChat({
      ...options,
      me: options.me(),
      initial,
      fetchChanges: async (since, signal) =>
        options.checked(await source.changes(chatId, since, signal)),
      onRefused(error) {
        if (chats.get(chatId) !== keeper) return;
        if (hasCode(error, "not_found")) drop(chatId);
        else onFault(error);
      },
    });
    chats.set(chatId, keeper);
    options.onState(initial);
    emit("change", { chatId, state: initial, cause: "loaded" });
    for (const event of newcomers.release(chatId)) keeper.receive(event);
    return keeper;
  }

  async function readNewcomer(chatId: ChatId, signal: AbortSignal) {
    const item = await source.chat(chatId, signal);
    const limit = newcomerMessages;
    const page = await source.history(chatId, { limit }, signal);
    const initial = withHistory(stateOfItem(item), page);
    adopt(initial);
    for (const message of initial.messages) {
      const isNew = message.seq > item.me.readSeq;
      if (isNew) emit("message", { chatId, message, isLive: false });
    }
  }

  function drop(chatId: ChatId) {
    newcomers.release(chatId);
    const keeper = chats.get(chatId);
    if (!keeper) return;
    chats.delete(chatId);
    keeper.pause();
    emit("change", { chatId, state: undefined, cause: "gone" });
  }

  return {
    chats,
    adopt,
    drop,
    up: newcomers.up,

    heads(list, isFirst) {
      for (const head of list) {
        const keeper = chats.get(head.chatId);
        if (keeper) keeper.head(head);
        else if (isFirst) adopt(stateOfHead(head));
        else newcomers.load(head.chatId);
      }
    },

    catchUp(withOpen) {
      const due = [...chats.values()].filter((keeper) =>
        keeper.isBehind || (withOpen && keeper.isOpen)
      );
      due.sort((a, b) => Number(b.isOpen) - Number(a.isOpen));
      // What fails has been told by the keeper.
      for (const keeper of due) void keeper.catchUp().catch(() => {});
    },

    event(event) {
      const keeper = chats.get(event.chatId);
      switch (event.type) {
        case "message.created":
        case "message.updated":
        case "chat.updated":
        case "chat.advanced":
        case "member.joined":
        case "member.updated":
        case "member.left":
          return keeper ? keeper.receive(event) : newcomers.hold(event);
        case "receipt.updated":
          return keeper?.receipt(event);
        case "chat.behind":
          if (!keeper) return newcomers.load(event.chatId);
          return void keeper.catchUp(event.rev).catch(() => {});
        case "chat.deleted":
          drop(event.chatId);
          return emit(event.type, event);
        default:
          emit(event.type, event as never);
      }
    },

    down() {
      for (const keeper of chats.values()) keeper.pause();
      newcomers.down();
    },

    clear() {
      newcomers.clear();
      for (const chatId of [...chats.keys()]) drop(chatId);
    },
  };
}
