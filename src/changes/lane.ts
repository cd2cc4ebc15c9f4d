import { isContention } from "../db/database.ts";
import { Problem } from "../protocol/problem.ts";
import type { Changes, Command, ScopeId } from "./command.ts";
import { type Committed, isStale, type Settled } from "./commit.ts";

export interface LaneLimits {
  /** Commands in one batch at most. */
  readonly batchSize: number;
  /** Batches in flight at most: load then makes batches larger instead of queues longer. */
  readonly inFlight: number;
  /** Commands that may wait; past it a newcomer is refused at once. */
  readonly waiting: number;
  /** How long a command may wait for its batch, in milliseconds. */
  readonly waitMs: number;
}

export const defaultLaneLimits: LaneLimits = {
  batchSize: 256,
  inFlight: 2,
  waiting: 4096,
  waitMs: 5000,
};

interface Waiting {
  readonly command: Command<unknown>;
  readonly since: number;
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export interface LaneParts {
  commit(commands: readonly Command<unknown>[]): Promise<Committed>;
  /** Called after COMMIT and before the replies, in the order of the numbers within each scope. */
  announce(events: Committed["events"]): void;
  /** Milliseconds that never run backwards. */
  now(): number;
  readonly limits?: LaneLimits;
}

export interface Lane extends Changes {
  /** Resolves when nothing waits and nothing is in flight. */
  drained(): Promise<void>;
}

/**
 * Group commit: commands gather while the batches before them are in flight, whatever chats they
 * belong to. Commands on one scope keep their order, because a scope is in one batch at a time.
 */
export function createLane(
  { commit, announce, now, limits = defaultLaneLimits }: LaneParts,
): Lane {
  let queue: Waiting[] = [];
  let inFlight = 0;
  const busy = new Set<ScopeId>();
  let onDrained: (() => void)[] = [];

  function submit<Reply>(command: Command<Reply>): Promise<Reply> {
    if (isStalled() || queue.length >= limits.waiting) {
      return Promise.reject(tooBusy());
    }
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    queue.push({ command, since: now(), resolve, reject });
    pump();
    return promise as Promise<Reply>;
  }

  /** Whether a newcomer would wait as long as those before it already have. */
  function isStalled() {
    const oldest = queue[0];
    // With a batch to spare, the oldest waits for its scope alone, which need not hold up others.
    return inFlight >= limits.inFlight && oldest !== undefined &&
      now() - oldest.since > limits.waitMs;
  }

  function pump() {
    while (inFlight < limits.inFlight) {
      const batch = takeBatch();
      if (batch.length === 0) break;
      void fly(batch);
    }
    if (inFlight === 0 && queue.length === 0) {
      onDrained.forEach((resolve) => resolve());
      onDrained = [];
    }
  }

  /** The oldest commands whose scopes are free. One that has to stay keeps those behind it, scope by scope. */
  function takeBatch(): Waiting[] {
    const batch: Waiting[] = [];
    const staying: Waiting[] = [];
    const kept = new Set<ScopeId>();
    const expired = now() - limits.waitMs;
    for (const waiting of queue) {
      const { scopes } = waiting.command;
      if (waiting.since < expired) {
        waiting.reject(tooBusy());
      } else if (
        batch.length < limits.batchSize &&
        !scopes.some((scope) => busy.has(scope) || kept.has(scope))
      ) {
        batch.push(waiting);
      } else {
        staying.push(waiting);
        scopes.forEach((scope) => kept.add(scope));
      }
    }
    queue = staying;
    return batch;
  }

  async function fly(batch: readonly Waiting[]) {
    const scopes = batch.flatMap(({ command }) => command.scopes);
    inFlight++;
    scopes.forEach((scope) => busy.add(scope));
    try {
      await settle(await prepared(batch));
    } finally {
      inFlight--;
      scopes.forEach((scope) => busy.delete(scope));
      pump();
    }
  }

  /** Never rejects: every command of the batch gets its answer. */
  async function settle(batch: readonly Waiting[], tries = 3): Promise<void> {
    if (batch.length === 0) return;
    let committed: Committed;
    try {
      committed = await commit(batch.map(({ command }) => command));
    } catch (error) {
      if (error instanceof Problem) {
        batch.forEach(({ reject }) => reject(error));
      } else if (tries > 1 && isContention(error)) {
        await settle(batch, tries - 1);
      } // One command sinks the batch: alone, it sinks nobody but itself.
      else if (batch.length > 1) {
        for (const waiting of batch) await settle([waiting]);
      } else if (tries > 1 && isStale(error)) await settle(batch, 1);
      else batch.forEach(({ reject }) => reject(error));
      return;
    }
    announce(committed.events);
    batch.forEach((waiting, i) => answer(waiting, committed.settled[i]!));
  }

  /** Those of the batch that are ready to be decided. */
  async function prepared(batch: readonly Waiting[]): Promise<Waiting[]> {
    const outcomes = await Promise.allSettled(
      batch.map(async ({ command }) => await command.prepare?.()),
    );
    return batch.filter(({ reject }, i) => {
      const outcome = outcomes[i]!;
      if (outcome.status === "rejected") reject(outcome.reason);
      return outcome.status === "fulfilled";
    });
  }

  return {
    submit,
    drained() {
      const { promise, resolve } = Promise.withResolvers<void>();
      onDrained.push(resolve);
      pump();
      return promise;
    },
  };
}

function answer({ resolve, reject }: Waiting, settled: Settled) {
  if ("error" in settled) reject(settled.error);
  else resolve(settled.reply);
}

const tooBusy = () =>
  new Problem("unavailable", {
    detail: "Too many changes are waiting",
    retryAfterMs: 1000,
  });
