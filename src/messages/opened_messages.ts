import { LRUCache } from "lru-cache";
import type { ChatId, MessageId } from "../protocol/ids.ts";
import type { Announcement } from "../relay/relay.ts";
import type { MessageRow, OpenMessages, StoredMessage } from "./store.ts";

/** A message without what changes while its `rev` stays. */
export type KeptMessage = Omit<MessageRow, "views">;

/** Which message, and as of which change. */
export type Place = Pick<StoredMessage, "messageId" | "rev">;

export interface OpenedMessagesParts {
  /** Opens what is not at hand. */
  readonly open: OpenMessages;
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** How many messages were wanted, and how many of them were at hand. */
  onOpened?(wanted: number, atHand: number): void;
  /** Told of every latest page, and whether all of it was at hand. */
  onPage?(isAtHand: boolean): void;
  readonly maxBytes?: number;
  readonly ttlMs?: number;
}

/**
 * Messages that were opened lately, as everybody in their chat sees them; what is one reader's own is
 * never kept. Nothing here is taken on trust: a message is used where the database still holds the
 * same sealed bytes, or names the same `rev` for it, in the statement that looks at the reader's
 * right. So there is nothing to be stale, whatever the relay does; announcements only spare a look
 * that would find nothing, and let go of what was deleted.
 */
export interface OpenedMessages {
  readonly open: OpenMessages;
  /** Whether a latest page of the chat was read and, as far as is known here, nothing was said since. */
  isWarm(chatId: ChatId): boolean;
  /** A latest page is about to be opened that was read in this history of the database. */
  begin(epoch: string): void;
  warm(chatId: ChatId): void;
  /** The messages at these places, in order; undefined where one is not at hand. */
  at(epoch: string, places: readonly Place[]): KeptMessage[] | undefined;
  page(isAtHand: boolean): void;
  hear(announcements: readonly Announcement[]): void;
  readonly bytes: number;
}

/** What a row takes beside its words, with what remembers it: measured, and rounded up. */
const rowBytes = 900;

/** How long an opened message stays in memory after the database was last asked for all of it. */
const keptMs = 60_000;

export function createOpenedMessages({
  open: openSealed,
  now,
  onOpened = () => {},
  onPage = () => {},
  maxBytes = 16 * 1024 * 1024,
  ttlMs = keptMs,
}: OpenedMessagesParts): OpenedMessages {
  const times = { ttl: ttlMs, ttlResolution: 0, perf: { now } };
  const kept = new LRUCache<MessageId, KeptMessage>({
    ...times,
    maxSize: maxBytes,
    // The words are there twice, sealed and open.
    sizeCalculation: ({ sealed }) => rowBytes + 2 * (sealed?.length ?? 0),
  });
  const warmChats = new LRUCache<ChatId, true>({ ...times, max: 10_000 });
  let known: string | undefined;

  function keep(row: MessageRow) {
    // One that did not open is tried again, and reported again.
    if (row.sealed !== null && row.content === null) return;
    kept.set(row.messageId, shared(row));
  }

  return {
    async open(rows) {
      const found = rows.map((row): MessageRow | undefined => {
        const one = kept.get(row.messageId);
        if (!one || !isSame(one, row)) return undefined;
        const { content, forwardedFrom } = one;
        return { ...row, content, forwardedFrom };
      });
      const missing = rows.filter((_, i) => found[i] === undefined);
      onOpened(rows.length, rows.length - missing.length);
      const opened = (await openSealed(missing)).values();
      return found.map((atHand) => {
        const row = atHand ?? opened.next().value!;
        keep(row);
        return row;
      });
    },

    isWarm: (chatId) => warmChats.has(chatId),

    begin(epoch) {
      // After a restore the same rev may mean something else.
      if (known !== epoch) kept.clear();
      known = epoch;
    },

    warm: (chatId) => void warmChats.set(chatId, true),

    at(epoch, places) {
      if (epoch !== known) return undefined;
      const rows: KeptMessage[] = [];
      for (const { messageId, rev } of places) {
        const row = kept.get(messageId);
        if (row?.rev !== rev) return undefined;
        rows.push(row);
      }
      return rows;
    },

    page: onPage,

    hear(announcements) {
      for (const { audience, scopeId, rev, event } of announcements) {
        if (audience !== "chat" || rev === undefined) continue;
        if (event && !event.type.startsWith("message.")) continue;
        warmChats.delete(scopeId as ChatId);
        const isDeleted = event?.type === "message.updated" &&
          event.message.deletedAt !== null;
        if (isDeleted) kept.delete(event.message.messageId);
      }
    },

    get bytes() {
      return kept.calculatedSize;
    },
  };
}

/** Nothing of the reader for whom it was read. */
const shared = (row: MessageRow): KeptMessage => ({
  chatId: row.chatId,
  seq: row.seq,
  rev: row.rev,
  messageId: row.messageId,
  senderId: row.senderId,
  keyVersion: row.keyVersion,
  sealed: row.sealed,
  replyToSeq: row.replyToSeq,
  replyToId: row.replyToId,
  replyCount: row.replyCount,
  reactionCounts: row.reactionCounts,
  createdAt: row.createdAt,
  editedAt: row.editedAt,
  pinnedAt: row.pinnedAt,
  deletedAt: row.deletedAt,
  postedAs: row.postedAs,
  poll: row.poll,
  content: row.content,
  forwardedFrom: row.forwardedFrom,
});

/** The same sealed bytes at the same place hold the same words. */
function isSame(one: KeptMessage, other: StoredMessage): boolean {
  if (one.chatId !== other.chatId || one.keyVersion !== other.keyVersion) {
    return false;
  }
  const [a, b] = [one.sealed, other.sealed];
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
