import { type Announce, createAnnounce } from "./changes/mod.ts";
import type { Announced, Ring } from "./changes/mod.ts";
import type { Counters } from "./lib/counters.ts";
import type { Log } from "./lib/log.ts";
import type { MeasureName } from "./measures.ts";
import type { Announcement, Relay } from "./relay/relay.ts";

export interface OpenAnnounceParts {
  readonly isolateId: string;
  readonly relay: Relay;
  readonly counters: Pick<Counters<MeasureName>, "add">;
  readonly log: Log;
  /** Delivers to this isolate's own connections. */
  hear(announcements: readonly Announcement[]): void;
  onRelayTrouble(error: unknown): void;
}

/** What tells this isolate and the relay of what was committed, counted and never failing. */
export const openAnnounce = (
  { isolateId, relay, counters, log, hear, onRelayTrouble }: OpenAnnounceParts,
): Announce<Announced | Ring> =>
  createAnnounce({
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
      onRelayTrouble(error);
    },
  });
