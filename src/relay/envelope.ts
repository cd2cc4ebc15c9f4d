import type { Announcement } from "./relay.ts";

/**
 * What announcements travel in where others could read along: the operator of a Redis, the log of a
 * database. Closed, they are one line of printable ASCII without commas, and tell a stranger nothing.
 */
export interface Envelope {
  close(announcements: readonly Announcement[]): string;
  /** Throws for what was not closed by this service. */
  open(text: string): readonly Announcement[];
}

/** Seals text, and opens what it has sealed. */
export interface TextSealer {
  seal(text: string): string;
  /** Throws for what was not sealed with a key of this service. */
  open(sealed: string): string;
}

export function createEnvelope(sealer: TextSealer): Envelope {
  return {
    close: (announcements) => sealer.seal(JSON.stringify(announcements)),
    open: (text) => JSON.parse(sealer.open(text)) as Announcement[],
  };
}
