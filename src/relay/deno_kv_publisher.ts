import { closeToFit } from "./close_to_fit.ts";
import { bellKey, entryKey, type RelayKv } from "./deno_kv_keys.ts";
import type { Envelope } from "./envelope.ts";
import { gather, type Gathered, type Publisher } from "./gather.ts";
import { within } from "./within.ts";

/** A value may have 65,536 bytes once it is serialised; what that adds is somewhat opaque. */
const maxEntryLength = 60_000;

/** A commit may have 819,200 bytes of values, of which each entry adds some for its keys. */
const entriesACommit = 12;

interface Entry {
  readonly shard: number;
  readonly text: string;
}

export interface KvPublisherParts {
  readonly kv: RelayKv;
  readonly envelope: Pick<Envelope, "close">;
  /** How long an entry can be read, in milliseconds. */
  readonly expireMs: number;
  /** Time limit of a commit, in milliseconds. */
  readonly answerMs: number;
}

/**
 * Writes announcements as entries and rings the bells of their shards, in one commit.
 *
 * An entry is named by the versionstamp of its commit, which only the database gives: so entries are
 * in the order in which they became visible, whatever the clocks of the isolates say, and a reader
 * that is at one has seen all before it. No commit reads or checks anything, so isolates neither wait
 * for each other nor lose a race to those nearer to the database.
 *
 * What comes together goes together: on a local database a commit of sixteen shards costs about six
 * times as much as that of one.
 */
export function createKvPublisher(
  { kv, envelope, expireMs, answerMs }: KvPublisherParts,
): Publisher {
  /**
   * The entries of each commit. A shard has one entry a commit, since its key has nothing but the
   * versionstamp to tell them apart; what it has more of waits for the next.
   */
  function* commitsOf(all: Gathered): Generator<Entry[]> {
    let shards = [...all].map(([shard, announcements]) => ({
      shard,
      texts: closeToFit(envelope, announcements, maxEntryLength).values(),
    }));
    while (shards.length > 0) {
      const entries: Entry[] = [];
      shards = shards.filter(({ shard, texts }) => {
        const { value: text, done } = texts.next();
        if (!done) entries.push({ shard, text });
        return !done;
      });
      for (let from = 0; from < entries.length; from += entriesACommit) {
        yield entries.slice(from, from + entriesACommit);
      }
    }
  }

  async function commit(entries: readonly Entry[], signal: AbortSignal) {
    const operation = kv.atomic();
    for (const { shard, text } of entries) {
      operation
        .set(entryKey(shard, kv.commitVersionstamp()), text, {
          expireIn: expireMs,
        })
        .sum(bellKey(shard), 1n);
    }
    await within(
      answerMs,
      "A commit to Deno KV",
      operation.commit(),
      signal,
    );
  }

  return gather(async (all, signal) => {
    for (const entries of commitsOf(all)) await commit(entries, signal);
  });
}
