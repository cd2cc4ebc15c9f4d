/** The stream of a shard. */
export const streamOf = (shard: number) => `parley:relay:${shard}`;

/** The field of a stream's entry that holds the sealed batch. */
export const batchField = "b";

/**
 * The one channel for the doorbells of all shards; a ring names the shards.
 *
 * Over REST every channel is a connection of its own, so a channel a shard would cost each isolate up
 * to 64 of them, each with a heartbeat, and every publication a command more for each shard. A ring
 * is some bytes, and only who listens in the shard reads the stream.
 */
export const doorbell = "parley:relay:bell";

/** Rings no shard: says that the channel still carries. */
export const beat = "beat";

/** Blanks between the numbers: a comma parts what Upstash says from the channel and the payload. */
export const ringFor = (shards: Iterable<number>) => [...shards].join(" ");

export const shardsIn = (ring: string) =>
  ring.split(" ").map(Number).filter(Number.isInteger);
