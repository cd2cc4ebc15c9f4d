import type { Announcement, Relay } from "./relay.ts";

type Listener = (batch: readonly Announcement[]) => void;

/** Carries announcements within one isolate: for a service that runs as one. It loses nothing. */
export function createLocalRelay(): Relay {
  const shards = new Map<number, Set<Listener>>();

  return {
    publish(shard, announcements) {
      for (const listener of shards.get(shard) ?? []) listener(announcements);
      return Promise.resolve();
    },

    subscribe(shard, on) {
      // A function of its own a subscription, so that the same `on` may subscribe twice.
      const listener: Listener = (batch) => on(batch);
      const listeners = shards.get(shard) ?? new Set();
      shards.set(shard, listeners.add(listener));
      return Promise.resolve({
        [Symbol.asyncDispose]() {
          listeners.delete(listener);
          if (listeners.size === 0 && shards.get(shard) === listeners) {
            shards.delete(shard);
          }
          return Promise.resolve();
        },
      });
    },

    [Symbol.asyncDispose]() {
      shards.clear();
      return Promise.resolve();
    },
  };
}
