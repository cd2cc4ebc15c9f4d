import type { Role } from "../protocol/chats.ts";
import type { EventOf } from "../protocol/events.ts";
import type { UserId } from "../protocol/ids.ts";
import type { Message } from "../protocol/messages.ts";
import type { ChatPreferences, Draft } from "../protocol/preferences.ts";
import type { Changes, ChatHead } from "../protocol/sync.ts";
import {
  applyChanges,
  applyEvent,
  type ChatEvent,
  newlySaid,
} from "./apply.ts";
import {
  type ChatState,
  withDraft,
  withLastSeq,
  withPreferences,
  withReceipt,
  withRole,
} from "./chat_state.ts";
import type { Emitter } from "./emitter.ts";
import type { ChatChange, ClientEvents } from "./events.ts";
import {
  messageAt,
  trimmed,
  withoutMessage,
  withVote,
} from "./message_window.ts";
import type { Platform } from "./platform.ts";
import { createSequence } from "./sequence.ts";

/** Keeps one chat's state in step with the service. */
export interface ChatKeeper {
  readonly state: ChatState;
  /** Whether the application has it open: then its receipts are kept fresh and its members known. */
  isOpen: boolean;
  readonly isBehind: boolean;
  receive(event: ChatEvent): void;
  /** Takes no `rev`, so it is applied as it comes. */
  receipt(event: EventOf<"receipt.updated">): void;
  hide(seq: number): void;
  voted(seq: number, options: readonly number[]): void;
  /** What the caller has set for the chat, told by an event or found later. */
  prefer(preferences: ChatPreferences): void;
  draft(accountRev: number, draft: Draft | null): void;
  /** The caller's own role, where the chat does not count that it changed. */
  role(role: Role): void;
  /** Where the service says the chat stands; `catchUp()` goes there. */
  head(head: ChatHead): void;
  /** Reads something beside the changes and takes it in. */
  load(
    read: (signal: AbortSignal) => Promise<(state: ChatState) => ChatState>,
  ): Promise<void>;
  catchUp(rev?: number): Promise<void>;
  pause(): void;
}

export interface ChatKeeperOptions {
  readonly platform: Platform;
  readonly me: UserId;
  readonly initial: ChatState;
  /** How many messages a chat holds at most, beside those loaded on demand. */
  readonly keepMessages: number;
  fetchChanges(since: number, signal: AbortSignal): Promise<Changes>;
  readonly emit: Emitter<ClientEvents>["emit"];
  onState(state: ChatState): void;
  onRefused(error: unknown): void;
}

export function keepChat(options: ChatKeeperOptions): ChatKeeper {
  const { platform: { clock, random }, me, emit } = options;
  const { chatId } = options.initial;
  let state = options.initial;
  let keep = options.keepMessages;
  /** Up to here every message has been told of. */
  let toldSeq = state.lastSeq;
  /** There are this many messages once caught up, also where the last ones are hidden. */
  let heardSeq = state.lastSeq;

  function set(next: ChatState, cause: ChatChange["cause"]) {
    if (next === state) return;
    state = next;
    options.onState(state);
    emit("change", { chatId, state, cause });
  }

  const sequence = createSequence<ChatEvent, Changes>({
    clock,
    random,
    known: state.rev,
    fetch: options.fetchChanges,
    apply(event) {
      const next = applyEvent(state, event, me);
      set(trimmed(next, keep), "event");
      emit(event.type, event as never);
      if (event.type !== "message.created") return;
      toldSeq = state.lastSeq;
      if (state.hidden.has(event.message.seq)) return;
      const message = newlySaid(event.message);
      emit("message", { chatId, message, isLive: true });
    },
    applyPage(page) {
      const before = state;
      set(applyChanges(state, page, me), "changes");
      const isNew = ({ seq }: Message) =>
        seq > toldSeq && !messageAt(before, seq) && !state.hidden.has(seq);
      for (const message of page.messages.filter(isNew)) {
        emit("message", { chatId, message, isLive: false });
      }
    },
    onCaughtUp() {
      toldSeq = Math.max(state.lastSeq, heardSeq);
      set(trimmed(withLastSeq(state, toldSeq), keep), "loaded");
    },
    onRefused: options.onRefused,
  });

  return {
    isOpen: false,
    get state() {
      return state;
    },
    get isBehind() {
      return sequence.isBehind;
    },
    receive: (event) => sequence.receive(event.rev, event),
    receipt(event) {
      set(withReceipt(state, event, me), "event");
      emit(event.type, event);
    },
    hide(seq) {
      heardSeq = Math.max(heardSeq, seq);
      set(withoutMessage(state, seq), "event");
    },
    voted: (seq, options) => set(withVote(state, seq, options), "event"),
    prefer(preferences) {
      heardSeq = Math.max(heardSeq, preferences.clearedSeq);
      set(withPreferences(state, preferences), "event");
    },
    draft(accountRev, draft) {
      set(withDraft(state, accountRev, draft), "event");
    },
    role(role) {
      set(withRole(state, role), "event");
    },
    head({ role, rev, lastSeq, deliveredSeq, readSeq, preferences }) {
      heardSeq = Math.max(heardSeq, lastSeq);
      if (preferences) {
        set(withPreferences(state, preferences), "changes");
      }
      const receipt = { userId: me, deliveredSeq, readSeq };
      // Of a chat that has moved on the role comes with the changes.
      const known = rev > state.rev ? state : withRole(state, role);
      const moved = withReceipt(known, receipt, me);
      set(rev > state.rev ? moved : withLastSeq(moved, lastSeq), "changes");
      sequence.expect(rev);
    },
    load: (read) =>
      sequence.reload(async (signal) => {
        const change = await read(signal);
        signal.throwIfAborted();
        const next = change(state);
        keep += Math.max(0, next.messages.length - state.messages.length);
        set(next, "loaded");
      }),
    catchUp: (rev) => sequence.behind(rev),
    pause: sequence.pause,
  };
}
