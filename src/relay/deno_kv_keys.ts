/** What the relay needs of a Deno KV. */
export type RelayKv = Pick<
  Deno.Kv,
  "atomic" | "list" | "watch" | "commitVersionstamp"
>;

/** Keys that one watch can hold. */
export const keysAWatch = 10;

/** Counts the entries that the shard has ever had. It stays, one small key a shard. */
export const bellKey = (shard: number): Deno.KvKey => ["parley", "bell", shard];

/** An entry of the shard, under the versionstamp of its commit. */
export const entryKey = (
  shard: number,
  stamp: string | symbol,
): Deno.KvKey => ["parley", "relay", shard, stamp as string];

/** Where a shard stands: how many entries it has had, and the versionstamp of the last. */
export interface Bell {
  readonly count: bigint;
  readonly stamp: string;
}

export function bellOf(entry: Deno.KvEntryMaybe<unknown>): Bell {
  return {
    count: entry.value instanceof Deno.KvU64 ? entry.value.value : 0n,
    stamp: entry.versionstamp ?? "",
  };
}

/** The entries after the one at `from`, up to and with the one at `to`, in the order of their commits. */
export function entriesBetween(
  shard: number,
  from: string,
  to: string,
): Deno.KvListSelector {
  // No versionstamp lies between one and the same with a zero after it.
  return {
    start: entryKey(shard, from + "\0"),
    end: entryKey(shard, to + "\0"),
  };
}
