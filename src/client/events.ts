import type { Device, Me } from "../protocol/accounts.ts";
import type { Contact } from "../protocol/contacts.ts";
import type { Event, EventOf } from "../protocol/events.ts";
import type { ChatId } from "../protocol/ids.ts";
import type { Message } from "../protocol/messages.ts";
import type { SendReply } from "../protocol/frames.ts";
import type { ChatState } from "./chat_state.ts";
import type { ConnectionState } from "./connection.ts";
import type { ParleyError } from "./error.ts";
import type { OutboxEntry } from "./outbox_store.ts";

export interface ChatChange {
  readonly chatId: ChatId;
  /** undefined when the chat is gone: left, lost or deleted. */
  readonly state: ChatState | undefined;
  /**
   * `event`: one live event. `changes`: several at once, after some were missed. `loaded`: a part of
   * the chat that was not here before.
   */
  readonly cause: "event" | "changes" | "loaded" | "gone";
}

export interface Arrival {
  readonly chatId: ChatId;
  readonly message: Message;
  /** Whether it came as it was sent, and not later with the changes. */
  readonly isLive: boolean;
}

/** What the account itself missed while it was away. */
export interface AccountChange {
  /** null when the profile did not change. */
  readonly me: Me | null;
  readonly devices: readonly Device[];
  /** Those that changed, also to `none`. */
  readonly contacts: readonly Contact[];
  /** Requests that changed up to this `accountRev` are seen; null when that did not change. */
  readonly contactsViewedRev: number | null;
}

/** An entry of the outbox has come to its end. */
export type Settled =
  | { readonly entry: OutboxEntry; readonly reply: SendReply }
  | { readonly entry: OutboxEntry; readonly error: unknown };

/** Everything that `on` can listen to. */
export type ClientEvents =
  /**
   * The service's own events, of each chat in the order of their `rev` and each `rev` once. What was
   * missed does not come as events: listen to `message` and `change` for that.
   */
  & { [T in Event["type"]]: EventOf<T> }
  & {
    connection: ConnectionState;
    /** Something to show differently, whatever the cause. */
    change: ChatChange;
    /** Each new message once, live or caught up. */
    message: Arrival;
    account: AccountChange;
    settled: Settled;
    /** The session has ended; undefined when `logout` ended it. */
    signedOut: ParleyError | undefined;
    /** A fault that no call can reject with: of a listener, a store, or one of the two sides. */
    error: unknown;
  };
