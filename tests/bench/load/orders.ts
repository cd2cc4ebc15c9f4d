import type { SystemName, World } from "../systems/system.ts";

/** A stretch of load: what happens in the warm-up is not counted. */
export interface Stretch {
  warmupMs: number;
  durationMs: number;
}

export interface Rate {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}

export interface SendFigures extends Rate {
  /** Acknowledgements in all, the warm-up's included. */
  acknowledged: number;
  /** Sends that the system refused. */
  refused: number;
  /** Acknowledged messages that did not reach their receiver within 5 s of the end. */
  missing: number;
}

/** What the load generator can be told to do, and what it answers. */
export interface Orders {
  /** Every pair keeps `inFlight` sends on their way. Latency is to the receiver's event. */
  closedLoop: {
    ask: Stretch & { inFlight: number };
    answer: SendFigures;
  };
  /** Sends fall due at a fixed rate, spread over the pairs; latency counts from when one was due. */
  openLoop: { ask: Stretch & { perSecond: number }; answer: SendFigures };
  /** Each sender writes to the group again once its message has reached every socket. */
  fanOut: {
    ask: Stretch & { sockets: number; senders: number };
    answer: Rate;
  };
  /** Writes that many messages into the chat of every pair. */
  fill: { ask: { messagesPerChat: number }; answer: null };
  /** Reads pages of 50 from the pairs' chats. */
  history: { ask: Stretch & { inFlight: number }; answer: Rate };
  /** Opens connections and keeps them, until there are that many. */
  hold: { ask: { connections: number }; answer: null };
}

/** The first line the load generator reads. */
export interface Task {
  system: SystemName;
  host: string;
  /** Where the receivers of the pairs connect, if not to the same. */
  receiverHost?: string;
  world: World;
}

/** The line that answers an order. */
export type Answer = { answer: unknown } | { error: string };
