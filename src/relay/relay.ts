import type { Event } from "../protocol/events.ts";
import type { UserId } from "../protocol/ids.ts";

/** News of one scope, from one isolate to the others. */
export interface Announcement {
  /** Tells a repeated announcement from a new one. */
  readonly id: string;
  /** The isolate that made it, which has already delivered it to its own connections. */
  readonly origin: string;
  /** `presence`: the person `scopeId` came or went, for those who watch. */
  readonly audience: "chat" | "account" | "presence";
  readonly scopeId: string;
  /** The counter that the event takes its receivers to; absent for what takes none (typing, receipts). */
  readonly rev?: number;
  /** Absent where the driver had no room for it: read the changes instead. */
  readonly event?: Event;
  /** Of a receipt: the chat is of two people, who have agreed on what they show each other. */
  readonly pair?: true;
  /** Who did it, where the event does not say so, since only that person's own devices are to know. */
  readonly by?: UserId;
  /** Of `presence`: the one watcher to whom it may be news; absent: to everybody who watches. */
  readonly towards?: UserId;
}

/**
 * Carries announcements between isolates.
 *
 * It may lose, repeat or reorder them: readers drop by `rev` and catch up from the database, at the
 * latest at the next sweep. So no driver needs to promise more than its best effort.
 */
export interface Relay extends AsyncDisposable {
  /** Sends to every subscriber of the shard, this isolate's own included. Rejects when it could not. */
  publish(shard: number, announcements: readonly Announcement[]): Promise<void>;
  /**
   * Resolves once announcements published from now on arrive, or once that has taken so long that
   * nobody should wait for it. `onGap` is called when some may have been missed, so also when they do
   * arrive after that.
   */
  subscribe(
    shard: number,
    on: (batch: readonly Announcement[]) => void,
    onGap: () => void,
  ): Promise<AsyncDisposable>;
}

/** How many shards the scopes are spread over. Every isolate must agree on it. */
export const shardCount = 64;

/** The shard of a scope: FNV-1a over its id. */
export function shardOf(scopeId: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < scopeId.length; i++) {
    hash = Math.imul(hash ^ scopeId.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0) % shardCount;
}
