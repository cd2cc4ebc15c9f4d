import type { Database } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import type { UserId } from "../protocol/ids.ts";
import { inBatches } from "../db/in_batches.ts";
import {
  claimErasures,
  eraseDevices,
  finishErasure,
  renewErasure,
} from "./erase_store.ts";
import { clearHolds } from "./username_store.ts";

/** Erases what one capability holds of a deleted account, in batches, each of them safe to repeat. */
export type EraseStep = (userId: UserId, signal: AbortSignal) => Promise<void>;

export interface ErasureParts {
  readonly db: Database;
  readonly clock: Clock;
  /** What the other capabilities hold, in the order in which they let go of it. */
  readonly steps: readonly EraseStep[];
  /** Takes work that nobody waits for; its failure is counted and logged. */
  background(what: string, work: Promise<unknown>): void;
  /** How often undone work is looked for, in milliseconds. */
  readonly intervalMs?: number;
}

/**
 * Finishes the deletion of accounts. An account is erased by the isolate that deleted it, at once, and
 * once more by whichever isolate comes first when the lease is over: then everything that was under way
 * at the moment of the deletion is over too, so what it still wrote is found. A crash or a failure in
 * between leaves the account to the next sweep, so deletion is never left half done.
 */
export interface Erasure extends AsyncDisposable {
  /** Erases a just deleted account in the background. */
  begin(userId: UserId): void;
  /** Takes up what is left undone. Resolves when done, and rejects with the first failure. */
  sweep(): Promise<void>;
}

/**
 * How long an account belongs to whoever erases it. Longer than anything under way at the moment of the
 * deletion can take: a statement has 10 s, a connection's good-bye 5 s.
 */
export const eraseLeaseMs = 120_000;

export function startErasure(
  { db, clock, steps, background, intervalMs = 60_000 }: ErasureParts,
): Erasure {
  const stopping = new AbortController();
  const { signal } = stopping;
  const underway = new Set<Promise<void>>();
  const lease = () => new Date(clock() + eraseLeaseMs);
  const all: EraseStep[] = [
    ...steps,
    (userId) => inBatches(db, eraseDevices(userId), signal),
  ];

  async function erase(userId: UserId) {
    for (const step of all) {
      signal.throwIfAborted();
      await step(userId, signal);
      // One that takes long must not be taken for one that crashed.
      await db.run(renewErasure(userId, lease()));
    }
  }

  async function sweep() {
    const now = new Date(clock());
    const [claimed] = await db.run(
      claimErasures(now, lease()),
      clearHolds(now),
    );
    const outcomes = await Promise.allSettled(
      claimed.map(async ({ userId }) => {
        await erase(userId);
        await db.run(finishErasure(userId));
      }),
    );
    for (const { status, ...outcome } of outcomes) {
      if (status === "rejected" && "reason" in outcome) throw outcome.reason;
    }
  }

  function run(what: string, work: () => Promise<void>) {
    const supervised = work().catch((error) => {
      // The next start goes on with it.
      if (!signal.aborted) throw error;
    });
    background(what, supervised);
    const ended: Promise<void> = supervised.catch(() => {
      // Counted and logged by `background`.
    }).finally(() => underway.delete(ended));
    underway.add(ended);
  }

  const look = () => run("erase deleted accounts", sweep);
  const timer = setInterval(look, intervalMs);
  look();

  return {
    begin: (userId) => run("erase a deleted account", () => erase(userId)),
    sweep,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      stopping.abort();
      await Promise.all(underway);
    },
  };
}
