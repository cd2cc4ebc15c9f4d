/** What the relay needs of Postgres. The composition root connects it to `db/`. */

/** A payload for everyone who listens on the channel. */
export interface Notification {
  readonly channel: string;
  readonly payload: string;
}

/** Sends notifications in one round trip and in order, or none of them; a pooler may stand in between. */
export type Notify = (notifications: readonly Notification[]) => Promise<void>;

/** One direct connection that listens, until it is lost or ended. */
export interface Ear {
  /** Resolves once what is notified from now on arrives. */
  listen(channels: readonly string[]): Promise<void>;
  unlisten(channels: readonly string[]): Promise<void>;
  end(): Promise<void>;
}

export interface EarEvents {
  onNotification(channel: string, payload: string): void;
  /** Called once, when the connection is gone; not when it was ended here. */
  onLost(error: unknown): void;
}

/** Opens an ear. Rejects where the server cannot be reached, and when the signal gives it up before. */
export type OpenEar = (events: EarEvents, signal: AbortSignal) => Promise<Ear>;

const prefix = "parley_";

/** The channel of a shard. */
export const channelOf = (shard: number) => `${prefix}${shard}`;

/** The shard that a channel is of. */
export const shardIn = (channel: string) =>
  Number(channel.slice(prefix.length));
