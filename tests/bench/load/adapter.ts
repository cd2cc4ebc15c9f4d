import type { Person } from "../systems/system.ts";

/** What a connection tells the load generator. */
export interface Listener {
  /** The system says that it has, or has not, stored the message. */
  acknowledged(messageId: string, ok: boolean): void;
  /** A message of somebody's arrived as an event. */
  received(messageId: string): void;
  /** The system closed the connection. */
  lost(reason: string): void;
}

export interface Connection {
  send(chatId: string, messageId: string, text: string): void;
}

/**
 * Speaks one system's protocol, with as little work as that protocol allows: the load generator
 * shares the machine with what it measures.
 */
export interface Adapter {
  /** Resolves once messages to the chat arrive. `chatId` matters only to systems without members. */
  connect(
    host: string,
    person: Person,
    chatId: string,
    listener: Listener,
  ): Promise<Connection>;
  /** Asks for the latest `limit` messages of a chat; absent where the system keeps no history. */
  history?(
    host: string,
    person: Person,
    chatId: string,
    limit: number,
  ): Request;
}
