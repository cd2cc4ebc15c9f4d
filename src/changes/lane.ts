import { isContention } from "../db/database.ts";
import { Problem } from "../protocol/problem.ts";
import type { Changes, Command } from "./command.ts";
import { type Committed, isStale, type Settled } from "./commit.ts";

export interface LaneLimits {
  /** Commands in one batch at most. */
  readonly batchSize: number;
  /** Bytes of content in one batch at most; a single command may be larger. */
  readonly batchBytes: number;
  /**
   * Scopes and rows that one batch names at most; a single command may name more. What locks and
   * loads hundreds must not multiply by the commands that happen to wait.
   */
  readonly batchKeys: number;
  /** Commands that may wait; past it a newcomer is refused at once. */
  readonly waiting: number;
  /** How long a command may wait for its batch, in milliseconds. */
  readonly waitMs: number;
}

export const defaultLaneLimits: LaneLimits = {
  batchSize: 512,
  batchBytes: 2 * 1024 * 1024,
  // About eight for each command of a full batch, which is what a send names.
  batchKeys: 4096,
  waiting: 4096,
  waitMs: 5000,
};

interface Waiting {
  readonly command: Command<unknown>;
  readonly since: number;
  /** What the command does before its batch, begun at once: the batch before it leaves time for it. */
  readonly prepared: Promise<void>;
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
 * Group commit: commands gather while the batch before them is in flight, whatever chats they belong
 * to, and go together in the order they came. So load makes batches larger instead of queues longer.
 */
export function createLane(
  { commit, announce, now, limits = defaultLaneLimits }: LaneParts,
): Lane {
  let queue: Waiting[] = [];
  let isFlying = false;
  let onDrained: (() => void)[] = [];

  function submit<Reply>(command: Command<Reply>): Promise<Reply> {
    if (isStalled() || queue.length >= limits.waiting) {
      return Promise.reject(tooBusy());
    }
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const prepared = prepare(command);
    queue.push({ command, since: now(), prepared, resolve, reject });
    if (!isFlying) void fly();
    return promise as Promise<Reply>;
  }

  /** Whether a newcomer would wait as long as those before it already have. */
  function isStalled() {
    const [oldest] = queue;
    return oldest !== undefined && now() - oldest.since > limits.waitMs;
  }

  /** Batch after batch, until nothing waits. */
  async function fly() {
    isFlying = true;
    while (queue.length > 0) await settle(await takeBatch());
    isFlying = false;
    onDrained.forEach((resolve) => resolve());
    onDrained = [];
  }

  /** The oldest commands that have not waited too long and are ready to be decided. */
  async function takeBatch(): Promise<Waiting[]> {
    const expired = now() - limits.waitMs;
    const [late, inTime] = split(queue, ({ since }) => since < expired);
    late.forEach(({ reject }) => reject(tooBusy()));
    const size = batchSize(inTime);
    const batch = inTime.slice(0, size);
    queue = inTime.slice(size);
    const outcomes = await Promise.allSettled(
      batch.map(({ prepared }) => prepared),
    );
    return batch.filter(({ reject }, i) => {
      const outcome = outcomes[i]!;
      if (outcome.status === "rejected") reject(outcome.reason);
      return outcome.status === "fulfilled";
    });
  }

  /** How many of the oldest go together. */
  function batchSize(waiting: readonly Waiting[]): number {
    let size = 0;
    let bytes = 0;
    let keys = 0;
    for (const { command } of waiting) {
      bytes += command.bytes ?? 0;
      keys += keysIn(command);
      if (size === limits.batchSize) break;
      if (size > 0 && bytes > limits.batchBytes) break;
      if (size > 0 && keys > limits.batchKeys) break;
      size++;
    }
    return size;
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
      } // One command sinks the batch: alone, it sinks nobody but itself. By halves it is soon alone.
      else if (batch.length > 1) {
        const half = Math.ceil(batch.length / 2);
        await settle(batch.slice(0, half));
        await settle(batch.slice(half));
      } else if (tries > 1 && isStale(error)) await settle(batch, 1);
      else batch.forEach(({ reject }) => reject(error));
      return;
    }
    announce(committed.events);
    batch.forEach((waiting, i) => answer(waiting, committed.settled[i]!));
  }

  return {
    submit,
    drained: () =>
      isFlying
        ? new Promise((resolve) => onDrained.push(resolve))
        : Promise.resolve(),
  };
}

const keysIn = ({ scopes, reads }: Command<unknown>): number =>
  reads.reduce((sum, { keys }) => sum + keys.length, scopes.length);

/** Begins what needs no lock. A failure waits, unreported, for the batch to ask. */
function prepare(command: Command<unknown>): Promise<void> {
  const prepared = (async () => await command.prepare?.())();
  prepared.catch(() => {});
  return prepared;
}

function split<T>(items: readonly T[], isFirst: (item: T) => boolean) {
  return [
    items.filter(isFirst),
    items.filter((item) => !isFirst(item)),
  ] as const;
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
