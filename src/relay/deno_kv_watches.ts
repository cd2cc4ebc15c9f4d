import {
  type Bell,
  bellKey,
  bellOf,
  keysAWatch,
  type RelayKv,
} from "./deno_kv_keys.ts";
import { type Backoff, pause } from "./pause.ts";

export interface KvWatchesParts {
  readonly kv: RelayKv;
  /** Where a shard stands; at least once after it was added, and after every change. */
  onBell(shard: number, bell: Bell): void;
  /** The shard was out of sight for a while, and is watched again. */
  onReturn(shard: number): void;
  onFailure(error: unknown): void;
  readonly backoff: Backoff;
  /** How long a new watch may take to tell where its shards stand, in milliseconds. */
  readonly answerMs: number;
  /** How long a watch is trusted to speak up by itself before it is opened anew, in milliseconds. */
  readonly renewMs: number;
}

/** Watches the bells of any number of shards, packed into as few watches as hold them. */
export interface KvWatches extends AsyncDisposable {
  add(shard: number): void;
  remove(shard: number): void;
}

/** One open watch at a time, over up to ten shards. */
interface Pack {
  readonly shards: Set<number>;
  /** Lost from sight, and not yet seen again. */
  readonly unseen: Set<number>;
  /** Has the open watch closed, so that one over the present shards takes its place. */
  renew: () => void;
  running: Promise<void>;
}

/**
 * A watch tells the newest state of its keys, at once when it is opened and then after changes, and
 * may skip states in between. So it needs no care when shards come and go: the next watch begins by
 * telling all that changed while there was none.
 */
export function createKvWatches(parts: KvWatchesParts): KvWatches {
  const packs = new Set<Pack>();
  const closing = new AbortController();

  async function run(pack: Pack) {
    let failures = 0;
    while (pack.shards.size > 0 && !closing.signal.aborted) {
      try {
        await watch(pack, () => failures = 0);
      } catch (error) {
        parts.onFailure(error);
        for (const shard of pack.shards) pack.unseen.add(shard);
        await pause(failures++, parts.backoff, closing.signal);
      }
    }
    packs.delete(pack);
  }

  /** Resolves when the pack needs another watch; rejects when this one fails. */
  async function watch(pack: Pack, onWatching: () => void) {
    const shards = [...pack.shards];
    const reader = parts.kv.watch(shards.map(bellKey)).getReader();
    // Told apart from the watch's own end, which nobody asked for.
    let isWatching = false;
    let isStale = false;
    // What ails the watch is told by its reads.
    const close = () => void reader.cancel().catch(() => {});
    const expire = () => {
      isStale = isWatching;
      close();
    };
    let timer = setTimeout(expire, parts.answerMs);
    pack.renew = () => {
      isStale = true;
      // Shards that come in quick succession must not keep each watch from its first word.
      if (isWatching) close();
    };
    closing.signal.addEventListener("abort", close);
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        if (!isWatching) {
          isWatching = true;
          onWatching();
          clearTimeout(timer);
          timer = setTimeout(expire, parts.renewMs);
        }
        value.forEach((entry, i) => tell(pack, shards[i]!, bellOf(entry)));
        if (isStale) break;
      }
      if (!isStale && !closing.signal.aborted) {
        throw new Error(
          isWatching
            ? "A watch of Deno KV has ended"
            : `A watch of Deno KV has told nothing within ${parts.answerMs} ms`,
        );
      }
    } finally {
      clearTimeout(timer);
      closing.signal.removeEventListener("abort", close);
      pack.renew = () => {};
      close();
    }
  }

  function tell(pack: Pack, shard: number, bell: Bell) {
    if (!pack.shards.has(shard)) return;
    parts.onBell(shard, bell);
    if (pack.unseen.delete(shard)) parts.onReturn(shard);
  }

  return {
    add(shard) {
      const open = [...packs].find(({ shards }) =>
        shards.size > 0 && shards.size < keysAWatch
      );
      if (open) {
        open.shards.add(shard);
        open.renew();
        return;
      }
      const pack: Pack = {
        shards: new Set([shard]),
        unseen: new Set(),
        renew: () => {},
        running: Promise.resolve(),
      };
      packs.add(pack);
      // Shards that come together share their first watch.
      pack.running = Promise.resolve().then(() => run(pack));
    },

    remove(shard) {
      for (const pack of packs) {
        pack.unseen.delete(shard);
        if (pack.shards.delete(shard)) pack.renew();
      }
    },

    async [Symbol.asyncDispose]() {
      closing.abort();
      await Promise.all([...packs].map(({ running }) => running));
    },
  };
}
