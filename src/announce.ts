import {
  type Announce,
  type Announced,
  createAnnounce,
  type Ring,
} from "./changes/mod.ts";
import type { Counters } from "./lib/counters.ts";
import type { Log } from "./lib/log.ts";
import type { MeasureName } from "./measures.ts";
import type { Announcement, Relay } from "./relay/relay.ts";

export interface CountedAnnounceParts {
  readonly isolateId: string;
  readonly relay: Pick<Relay, "publish">;
  readonly counters: Counters<MeasureName>;
  /** This isolate's own parts. */
  hear(announcements: readonly Announcement[]): void;
  readonly log: Log;
  tellRelayTrouble(error: unknown): void;
}

/** `announce`, which counts what the relay takes and loses, and fails nobody's send. */
export function createCountedAnnounce(
  { isolateId, relay, counters, hear, log, tellRelayTrouble }:
    CountedAnnounceParts,
): Announce<Announced | Ring> {
  return createAnnounce({
    isolateId,
    relay: {
      publish(shard, announcements) {
        counters.add("parley.relay.published", announcements.length);
        return relay.publish(shard, announcements);
      },
    },
    local(announcements) {
      try {
        hear(announcements);
      } catch (error) {
        // It is stored: whoever sent it must hear so, and the sweep tells the others.
        log.error("fan-out failed", { error });
      }
    },
    onRelayFailure(error, lost) {
      counters.add("parley.relay.lost", lost);
      tellRelayTrouble(error);
    },
  });
}
