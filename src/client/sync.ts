import type { Event, EventOf } from "../protocol/events.ts";
import type { Sync as SyncPage, Welcome } from "../protocol/sync.ts";
import {
  type ChatRegistry,
  type ChatRegistryOptions,
  createChatRegistry,
} from "./chat_registry.ts";
import { stateOfHead } from "./chat_state.ts";
import { hasCode, unavailable } from "./error.ts";
import { createSequence, type Sequence } from "./sequence.ts";

/** Keeps what this client knows of the account and its chats in step with the service. */
export interface Sync {
  /** What hello resumes from. */
  readonly cursor: string | undefined;
  readonly registry: ChatRegistry;
  welcome(welcome: Welcome): void;
  event(event: Event): void;
  /** The connection is lost: what was on its way is asked for again at the next welcome. */
  down(): void;
  /** The service does not know the cursor: the next hello goes without, and nothing else is lost. */
  forgetCursor(): void;
  /** Forgets everything: another account, or another history of the same service. */
  reset(): void;
}

export interface SyncOptions extends Omit<ChatRegistryOptions, "checked"> {
  /** The service has another history than the one known: say hello anew. */
  restart(): void;
}

/** The events that count the account's changes one by one. */
type AccountEvent = EventOf<
  | "chat.created"
  | "chat.deleted"
  | "membership.updated"
  | "message.hidden"
  | "poll.voted"
  | "preferences.updated"
  | "notification.cleared"
  | "account.updated"
  | "device.updated"
  | "contact.updated"
  | "contact.viewed"
>;
type AccountPage = SyncPage & { to: number };

export function createSync(options: SyncOptions): Sync {
  const { platform, source, emit } = options;
  const registry = createChatRegistry({ ...options, checked });
  let account: Sequence<AccountEvent> | undefined;
  let cursor: string | undefined;
  let epoch: string | undefined;

  function checked<P extends { epoch: string }>(page: P): P {
    epoch ??= page.epoch;
    if (page.epoch === epoch) return page;
    reset();
    options.restart();
    throw unavailable("The service has another history than before");
  }

  const keepAccount = (known: number) =>
    createSequence<AccountEvent, AccountPage>({
      clock: platform.clock,
      random: platform.random,
      known,
      async fetch(_since, signal) {
        const page = checked(await readSync(signal));
        return { ...page, to: page.accountRev };
      },
      apply,
      applyPage(page) {
        cursor = page.cursor;
        for (const chatId of page.gone) registry.drop(chatId);
        registry.heads(page.chats, false);
        for (const { chatId, seq } of page.hidden) {
          registry.chats.get(chatId)?.hide(seq);
        }
        for (const { chatId, seq, options } of page.votes) {
          registry.chats.get(chatId)?.voted(seq, options);
        }
        for (const { chatId, accountRev, draft } of page.drafts) {
          registry.chats.get(chatId)?.draft(accountRev, draft);
        }
        registry.catchUp(false);
        const { me, devices, contacts, contactsViewedRev } = page;
        emit("account", { me, devices, contacts, contactsViewedRev });
      },
      onCaughtUp() {},
      onRefused: (error) => emit("error", error),
    });

  async function readSync(signal: AbortSignal): Promise<SyncPage> {
    try {
      return await source.sync(cursor, signal);
    } catch (error) {
      if (cursor === undefined || !hasCode(error, "invalid_input")) throw error;
      return await source.sync(undefined, signal);
    }
  }

  function apply(event: AccountEvent) {
    const { chats } = registry;
    if (event.type === "chat.deleted") registry.drop(event.chatId);
    if (event.type === "message.hidden") {
      chats.get(event.chatId)?.hide(event.seq);
    }
    if (event.type === "preferences.updated") {
      const { accountRev, chatId, preferences, draft } = event;
      const keeper = chats.get(chatId);
      keeper?.prefer(preferences);
      if (draft !== undefined) keeper?.draft(accountRev, draft);
    }
    if (event.type === "notification.cleared") {
      const { accountRev, chatId, seq: notifiedSeq } = event;
      const keeper = chats.get(chatId);
      keeper?.prefer({
        ...keeper.state.preferences,
        accountRev,
        notifiedSeq,
        markedUnread: false,
      });
    }
    if (event.type === "membership.updated") {
      chats.get(event.chatId)?.role(event.role);
    }
    if (event.type === "poll.voted") {
      chats.get(event.chatId)?.voted(event.seq, event.options);
    }
    if (event.type === "chat.created") {
      const { chatId, role, rev, lastSeq, chat } = event;
      const read = { readSeq: lastSeq, deliveredSeq: lastSeq };
      const head = stateOfHead({ chatId, role, rev, lastSeq, ...read });
      const keeper = registry.adopt({ ...head, chat });
      if (keeper.state.rev < rev) void keeper.catchUp(rev).catch(() => {});
    }
    emit(event.type, event as never);
  }

  function reset() {
    down();
    registry.clear();
    account = cursor = epoch = undefined;
  }

  function down() {
    account?.pause();
    registry.down();
  }

  return {
    registry,
    down,
    reset,
    get cursor() {
      return cursor;
    },
    forgetCursor() {
      cursor = undefined;
    },

    welcome(welcome) {
      // Without a cursor all chats are listed, with one those that changed.
      const isResumed = cursor !== undefined;
      if (epoch !== undefined && welcome.epoch !== epoch) {
        reset();
        // It tells of what changed since a cursor that means nothing any more.
        if (isResumed) return options.restart();
      }
      epoch = welcome.epoch;
      const listed = new Set(welcome.chats.map(({ chatId }) => chatId));
      for (const chatId of registry.chats.keys()) {
        if (!isResumed && !listed.has(chatId)) registry.drop(chatId);
      }
      for (const chatId of welcome.gone) registry.drop(chatId);
      registry.heads(welcome.chats, account === undefined);
      registry.up();
      registry.catchUp(true);

      account ??= keepAccount(welcome.accountRev);
      account.expect(welcome.accountRev);
      // The cursor passes over the account's own changes, so it waits until they are in.
      if (account.isBehind) void account.behind().catch(() => {});
      else cursor = welcome.cursor;
    },

    event(event) {
      if (event.type === "account.behind") {
        return void account?.behind(event.accountRev).catch(() => {});
      }
      if ("accountRev" in event && event.accountRev !== undefined) {
        return account?.receive(event.accountRev, event);
      }
      if ("chatId" in event) return registry.event(event);
      emit(event.type, event as never);
    },
  };
}
