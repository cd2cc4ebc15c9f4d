/** Sizes and times of every part; together about two minutes. Times are in milliseconds. */
export const plan = {
  pairs: 100,
  inFlightPerPair: 8,
  /** Rounds go A B C A B C, so that what disturbs the machine for a while disturbs all alike. */
  rounds: 3,
  durableSends: { warmupMs: 1000, durationMs: 3000 },
  /** The share of the slowest system's own rate that all are offered: one it can sustain. */
  sameRateShare: 0.7,
  sameRate: { warmupMs: 500, durationMs: 2500 },
  fanOut: { sockets: 500, senders: 8, warmupMs: 500, durationMs: 2000 },
  history: {
    messagesPerChat: 60,
    inFlight: 16,
    warmupMs: 300,
    durationMs: 1500,
  },
  /**
   * The first connections warm the server up, so that compiled code and the young part of its heap,
   * which grow once and not with every connection, are not counted as theirs.
   */
  connections: { before: 1000, counted: 5000, settleMs: 1500 },
  coldStarts: 5,
  largeHello: { chats: 1000, warmups: 20, hellos: 200 },
  caches: {
    people: 30,
    chats: 30,
    messages: 60,
    rounds: 3,
    inFlight: 16,
    warmupMs: 200,
    durationMs: 700,
    alone: { forMs: 200 },
    redis: { pageBytes: 16_384, reads: 300 },
  },
  largeChats: {
    sizes: { channel: [100, 10_000, 100_000], group: [100, 10_000] },
    messages: 60,
    rounds: 3,
    times: 30,
    joinsAtOnce: 500,
  },
  delivery: {
    pairs: 20,
    perSecond: 100,
    rounds: 3,
    warmupMs: 1000,
    durationMs: 4000,
  },
  relayRates: {
    rounds: 3,
    durationMs: 2000,
    batch: 4,
    inFlight: 64,
    latency: { count: 300, everyMs: 5 },
  },
  idleCost: { connections: 100, settleMs: 10_000, observeMs: 60_000 },
  isolates: { counts: [1, 2, 4], rounds: 3, warmupMs: 1000, durationMs: 4000 },
  storm: {
    crowd: { people: 5000, groupSize: 20, groupsEach: 3, pairs: 20 },
    gatherAtOnce: 50,
    writesPerSecond: 5,
    /** Before the restart and after everybody is back. */
    calmMs: 2000,
    /** How long everybody is waited for. */
    limitMs: 60_000,
    /** One round each. The second keeps the whole process within 512 MB. */
    flags: ["", "--v8-flags=--max-old-space-size=256"],
  },
} as const;
