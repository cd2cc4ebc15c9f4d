import type { Announcement } from "./relay.ts";

/**
 * What announcements travel in where others could read along: the operator of a Redis, the log of a
 * database. Closed, they are one line of printable ASCII without commas, and tell a stranger nothing.
 */
export interface Envelope {
  close(announcements: readonly Announcement[]): string;
  /** Throws for what was not closed by this service, or too long ago. */
  open(text: string): readonly Announcement[];
}

/** Seals text, and opens what it has sealed. */
export interface TextSealer {
  seal(text: string): string;
  /** Throws for what was not sealed with a key of this service. */
  open(sealed: string): string;
}

interface Letter {
  /** When it was closed, in milliseconds since the epoch. */
  readonly at: number;
  readonly announcements: readonly Announcement[];
}

/**
 * How far the clocks of isolates may be apart, and how long a relay may keep an announcement. Older
 * ones are refused, as a gap: somebody may have kept them to play them again, or the database may
 * have been restored meanwhile, which gives their numbers to other changes.
 */
const freshMs = 60_000;

export function createEnvelope(
  sealer: TextSealer,
  clock: () => number = Date.now,
): Envelope {
  return {
    close: (announcements) =>
      sealer.seal(
        JSON.stringify({ at: clock(), announcements } satisfies Letter),
      ),
    open(text) {
      const { at, announcements } = JSON.parse(sealer.open(text)) as Letter;
      const age = clock() - at;
      if (Math.abs(age) > freshMs) {
        throw new Error(
          `Cannot take announcements of ${
            Math.round(age / 1000)
          } s ago: the relay kept them for ` +
            "too long, or two clocks differ",
        );
      }
      return announcements;
    },
  };
}
