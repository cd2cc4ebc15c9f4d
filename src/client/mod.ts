/**
 * The client of a Parley service, for browsers, Deno and Node 22 or later.
 *
 * ```ts
 * await using client = createClient({ url: "https://chat.example" });
 * await client.login({ login: "ada", password });
 * client.on("message", ({ message }) => show(message));
 * await client.connect();
 * await client.send(chatId, "Hello");
 * ```
 *
 * How it hangs together: `http` → `session` → `rest` make single calls. `link` is one WebSocket
 * connection, `connection` makes the next one when it is lost. What comes in goes through `sync` to
 * the `chat_keeper` of its chat, whose `sequence` holds the gap rule and whose state `apply` changes.
 * What goes out waits in the `outbox` until the service has confirmed it.
 *
 * Every chat of the account is followed from the first `connect` on: what is missed while the
 * connection is away comes with the changes. History and members are loaded for chats that are opened.
 *
 * @module
 */
export { createClient } from "./create_client.ts";
export type { ClientOptions } from "./options.ts";
export type { ParleyClient, SendOptions } from "./client.ts";
export type { ChannelsApi } from "./channels_api.ts";
export type { InvitesApi } from "./invites_api.ts";
export type { CallOptions, ChatsApi, ListOptions } from "./chats_api.ts";
export type { HistoryOptions, MessagesApi } from "./messages_api.ts";
export type { DevicesApi, MeApi, UsersApi } from "./people_api.ts";
export type { ContactsApi } from "./contacts_api.ts";
export type { NotificationsApi } from "./notifications_api.ts";
export type { OpenOptions } from "./loader.ts";
export type { ChatState } from "./chat_state.ts";
export { messageAt } from "./message_window.ts";
export type { ConnectionState } from "./connection.ts";
export type {
  AccountChange,
  Arrival,
  ChatChange,
  ClientEvents,
  Settled,
} from "./events.ts";
export { markMentions } from "./mark_mentions.ts";
export { ParleyError } from "./error.ts";
export { newMessageId } from "./message_id.ts";
export {
  memorySessionStore,
  type SessionStore,
  type StoredSession,
} from "./session_store.ts";
export {
  memoryOutboxStore,
  type OutboxEntry,
  type OutboxStore,
} from "./outbox_store.ts";
export type { Platform } from "./platform.ts";
export { type Clock, systemClock } from "./clock.ts";
