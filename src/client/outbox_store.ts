import type { ChatId, MessageId, UserId } from "../protocol/ids.ts";
import type { Content, ForwardRef } from "../protocol/messages.ts";

/** What a message says, or passes on. */
export type ToSend =
  | { readonly content: Content; readonly forward?: never }
  | { readonly forward: ForwardRef; readonly content?: never };

/** A message that the service has not yet confirmed. */
export type OutboxEntry = ToSend & {
  readonly messageId: MessageId;
  readonly chatId: ChatId;
  readonly replyTo?: MessageId;
  readonly clearDraft?: boolean;
  /** Who wrote it: an outbox that outlives a sign-in must not speak for the next one. */
  readonly senderId: UserId;
};

/** Keeps unconfirmed messages, so that they may survive a reload. */
export interface OutboxStore {
  /** All that were added and not removed, oldest first. */
  load(): Promise<readonly OutboxEntry[]>;
  /** Resolves once the entry would survive. Adding one that is there changes nothing. */
  add(entry: OutboxEntry): Promise<void>;
  remove(messageId: MessageId): Promise<void>;
}

/** Keeps them as long as the page or process lives. */
export function memoryOutboxStore(): OutboxStore {
  const entries = new Map<MessageId, OutboxEntry>();
  return {
    load: () => Promise.resolve([...entries.values()]),
    add(entry) {
      if (!entries.has(entry.messageId)) entries.set(entry.messageId, entry);
      return Promise.resolve();
    },
    remove(messageId) {
      entries.delete(messageId);
      return Promise.resolve();
    },
  };
}
