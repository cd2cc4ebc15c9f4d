import { type Counters, createCounters, type Measure } from "./lib/counters.ts";

/** Everything an isolate counts, by name. */
export const measures = {
  "parley.connections": {
    kind: "gauge",
    description: "WebSockets that are open",
  },
  "parley.scopes": {
    kind: "gauge",
    description: "Chats and accounts that somebody on this isolate listens to",
  },
  "parley.relay.shards": {
    kind: "gauge",
    description: "Shards of the relay that this isolate is subscribed to",
  },
  "parley.relay.published": {
    kind: "count",
    description: "Announcements handed to the relay",
  },
  "parley.relay.lost": {
    kind: "count",
    description: "Announcements that the relay did not take",
  },
  "parley.relay.received": {
    kind: "count",
    description: "Announcements of other isolates that the relay brought",
  },
  "parley.relay.gaps": {
    kind: "count",
    description: "Times the relay may have missed something",
  },
  "parley.relay.failures": {
    kind: "count",
    description: "Failures of the relay that cost no announcement of ours",
  },
  "parley.background.failures": {
    kind: "gauge",
    description: "Failures so far of work that nobody waits for",
  },
  "parley.fanout.failures": {
    kind: "count",
    description: "Batches of events that this isolate could not pass on",
  },
  "parley.messages.unreadable": {
    kind: "count",
    description: "Stored messages that did not open",
  },
  "parley.cache.devices.hits": {
    kind: "count",
    description: "Reads over HTTP whose device was known to be signed in",
  },
  "parley.cache.devices.misses": {
    kind: "count",
    description: "Reads over HTTP for whose device the database was asked",
  },
  "parley.cache.messages.hits": {
    kind: "count",
    description: "Stored messages that were open already",
  },
  "parley.cache.messages.misses": {
    kind: "count",
    description: "Stored messages that had to be opened",
  },
  "parley.cache.pages.hits": {
    kind: "count",
    description: "Latest pages of chats whose messages were all at hand",
  },
  "parley.cache.pages.misses": {
    kind: "count",
    description: "Latest pages of chats that were read from the database",
  },
  "parley.cache.messages.bytes": {
    kind: "gauge",
    description: "What the messages at hand take, about",
  },
  "parley.sweep.heads": {
    kind: "count",
    description: "Changed chats and accounts that the sweep looked at",
  },
  "parley.sweep.failures": {
    kind: "count",
    description: "Sweeps that failed",
  },
} as const satisfies Record<string, Measure>;
export type MeasureName = keyof typeof measures;

export const createMeasures = (): Counters<MeasureName> =>
  createCounters<MeasureName>(measures);
