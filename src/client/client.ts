import type {
  LoginRequest,
  Me,
  Presence,
  RegisterRequest,
} from "../protocol/accounts.ts";
import type { SendReply } from "../protocol/frames.ts";
import type { ChatId, MessageId, UserId } from "../protocol/ids.ts";
import type { Content, ForwardRef } from "../protocol/messages.ts";
import type { ChannelsApi } from "./channels_api.ts";
import type { CallOptions, ChatsApi } from "./chats_api.ts";
import type { ChatState } from "./chat_state.ts";
import type { ContactsApi } from "./contacts_api.ts";
import type { ConnectionState } from "./connection.ts";
import type { Emitter } from "./emitter.ts";
import type { ClientEvents } from "./events.ts";
import type { InvitesApi } from "./invites_api.ts";
import type { OpenOptions } from "./loader.ts";
import type { NotificationsApi } from "./notifications_api.ts";
import type { MessagesApi } from "./messages_api.ts";
import type { OutboxEntry } from "./outbox_store.ts";
import type { DevicesApi, MeApi, UsersApi } from "./people_api.ts";

export interface SendOptions extends CallOptions {
  readonly replyTo?: MessageId;
  /** Made here unless given. The same id again is the same message. */
  readonly messageId?: MessageId;
  /** Whether the caller's draft in the chat goes away with it, on all devices. */
  readonly clearDraft?: boolean;
}

/**
 * One device of one account. Every call rejects with a `ParleyError`, or with the reason of its
 * signal. Disposing of it ends the connection and every call; it does not sign out.
 */
export interface ParleyClient extends AsyncDisposable {
  /**
   * Makes an account and signs in to it. Whoever was signed in before is disconnected, but stays
   * signed in as far as the service goes.
   */
  register(request: RegisterRequest, options?: CallOptions): Promise<Me>;
  /** Signs in; as with `register`, instead of whoever was before. */
  login(request: LoginRequest, options?: CallOptions): Promise<Me>;
  /** Signs this device out. It is signed out here even when this rejects because the service is away. */
  logout(): Promise<void>;
  /** Who is signed in, from the store at first. */
  signedIn(): Promise<Me | undefined>;

  readonly connection: ConnectionState;
  /**
   * Connects, and stays connected until `disconnect`: lost connections are made again. Resolves when
   * live for the first time; rejects when nobody is signed in. The signal gives the attempt up.
   */
  connect(options?: CallOptions): Promise<void>;
  disconnect(): void;

  readonly on: Emitter<ClientEvents>["on"];

  /** All chats of the account, as far as they are known here. Empty before the first `connect`. */
  chatStates(): readonly ChatState[];
  chatState(chatId: ChatId): ChatState | undefined;
  /** Loads the chat with its members and newest messages, and keeps all of it up to date. */
  open(chatId: ChatId, options?: OpenOptions): Promise<ChatState>;
  /** Loads messages before those that are known. `from` is 1 when there are no more. */
  older(chatId: ChatId, options?: OpenOptions): Promise<ChatState>;
  close(chatId: ChatId): void;

  /**
   * Resolves once the message is durable. Until then it is sent again, always with the same
   * `messageId`, whenever a connection is there; messages of one chat keep their order. Rejects only
   * when the service refuses it. An aborted one is not sent again, but may have arrived.
   */
  send(
    chatId: ChatId,
    content: Content | string,
    options?: SendOptions,
  ): Promise<SendReply>;
  /** Passes on a message that the caller may read, in the same way as `send`. */
  forward(
    chatId: ChatId,
    message: ForwardRef,
    options?: SendOptions,
  ): Promise<SendReply>;
  /** What was sent and is not confirmed yet, oldest first. */
  unconfirmed(chatId?: ChatId): readonly OutboxEntry[];

  /** The caller has read the chat up to `seq`. */
  read(chatId: ChatId, seq: number, options?: CallOptions): Promise<void>;
  /** This device has the chat up to `seq`. Only needed where `acknowledge` is off. */
  delivered(chatId: ChatId, seq: number, options?: CallOptions): Promise<void>;
  /**
   * May be called with every key: it is told when it begins and ends, and now and then in between. Others
   * take it for over after 6 s without a word. Dropped when the connection is not live: it is old news
   * by then.
   */
  typing(chatId: ChatId, active: boolean): void;
  /** Whom to be told of by `presence` events, instead of those before; at most 500. */
  watch(
    userIds: readonly UserId[],
    options?: CallOptions,
  ): Promise<readonly Presence[]>;
  setPresence(state: "active" | "away", options?: CallOptions): Promise<void>;

  readonly chats: ChatsApi;
  readonly channels: ChannelsApi;
  readonly invites: InvitesApi;
  readonly messages: MessagesApi;
  readonly users: UsersApi;
  readonly contacts: ContactsApi;
  readonly notifications: NotificationsApi;
  readonly me: MeApi;
  readonly devices: DevicesApi;
}
