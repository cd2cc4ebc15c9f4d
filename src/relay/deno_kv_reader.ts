import { type Bell, entriesBetween, type RelayKv } from "./deno_kv_keys.ts";
import type { Envelope } from "./envelope.ts";
import { type Backoff, pause } from "./pause.ts";
import type { Announcement } from "./relay.ts";
import { within } from "./within.ts";

export interface KvReaderParts {
  readonly kv: RelayKv;
  readonly shard: number;
  readonly envelope: Pick<Envelope, "open">;
  on(batch: readonly Announcement[]): void;
  onGap(): void;
  onFailure(error: unknown): void;
  readonly backoff: Backoff;
  /** Time limit of a read, in milliseconds. */
  readonly answerMs: number;
}

/** Reads the entries of one shard from a cursor of its own. */
export interface KvReader extends AsyncDisposable {
  /** Tells where the shard stands. What comes after the first telling is read and passed on. */
  ring(bell: Bell): void;
  /** Resolves once nothing is read any more. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Entries fetched at a time; each may be as large as a value can be. */
const batchSize = 16;

/**
 * The bell counts the entries and bears the versionstamp of the last, so the reader knows at every
 * ring which entry is the last it must find, and how many there are up to it: fewer, and some have
 * expired unread.
 *
 * It asks the nearest replica first, which may be behind the one that rang. Only where that does not
 * yet have the last entry, it asks for the present state, which on Deno Deploy crosses regions.
 */
export function createKvReader(parts: KvReaderParts): KvReader {
  const { kv, shard, envelope } = parts;
  const closing = new AbortController();
  let cursor: Bell | undefined;
  let newest: Bell;
  let reading: Promise<void> | undefined;

  async function readAll() {
    let failures = 0;
    while (cursor!.stamp !== newest.stamp && !closing.signal.aborted) {
      try {
        await readTo(newest);
        failures = 0;
      } catch (error) {
        if (closing.signal.aborted) return;
        parts.onFailure(error);
        await pause(failures++, parts.backoff, closing.signal);
      }
    }
    reading = undefined;
  }

  async function readTo(to: Bell) {
    for (const consistency of ["eventual", "strong"] as const) {
      const from = cursor!.stamp;
      const entries = kv.list(entriesBetween(shard, from, to.stamp), {
        consistency,
        batchSize,
      });
      for (;;) {
        const { done, value } = await within(
          parts.answerMs,
          "A read from Deno KV",
          entries.next(),
          closing.signal,
        );
        if (done) break;
        // The cursor moves first: an entry that does harm does it once.
        cursor = { count: cursor!.count + 1n, stamp: value.versionstamp };
        pass(value.value);
      }
      if (cursor!.stamp === to.stamp) break;
    }
    const isWhole = cursor!.stamp === to.stamp && cursor!.count === to.count;
    cursor = to;
    if (!isWhole) parts.onGap();
  }

  function pass(text: unknown) {
    let batch: readonly Announcement[];
    try {
      batch = envelope.open(String(text));
    } catch (error) {
      parts.onFailure(error);
      parts.onGap();
      return;
    }
    parts.on(batch);
  }

  return {
    ring(bell) {
      cursor ??= newest = bell;
      // A watch that was opened anew may begin with a replica that is behind.
      if (bell.stamp <= newest.stamp) return;
      newest = bell;
      reading ??= readAll();
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await reading;
    },
  };
}
