import type { Announcement, Relay } from "../relay/relay.ts";
import { shardOf } from "../relay/relay.ts";
import type { Announced } from "./command.ts";

export interface AnnounceParts {
  /** Tells this isolate's announcements from those of others. */
  readonly isolateId: string;
  readonly relay: Pick<Relay, "publish">;
  /** Delivers to this isolate's own connections, at once. */
  local(announcements: readonly Announcement[]): void;
  /** Called when the relay did not take announcements: the others catch up at their next sweep. */
  onRelayFailure(error: unknown, lost: number): void;
}

/** Tells the world what happened. Returns at once and never throws at the one who did it. */
export type Announce = (events: readonly Announced[]) => void;

export function createAnnounce(parts: AnnounceParts): Announce {
  const { isolateId, relay, local, onRelayFailure } = parts;
  let count = 0;

  function announcement(announced: Announced): Announcement {
    const audience = "chat" in announced ? "chat" : "account";
    return {
      id: `${isolateId}:${++count}`,
      origin: isolateId,
      audience,
      scopeId: "chat" in announced ? announced.chat : announced.account,
      ...(announced.rev === undefined ? {} : { rev: announced.rev }),
      event: announced.event,
    };
  }

  async function publish(shard: number, batch: readonly Announcement[]) {
    try {
      await relay.publish(shard, batch);
    } catch (error) {
      onRelayFailure(error, batch.length);
    }
  }

  return (events) => {
    if (events.length === 0) return;
    const announcements = events.map(announcement);
    local(announcements);
    const byShard = Map.groupBy(
      announcements,
      ({ scopeId }) => shardOf(scopeId),
    );
    for (const [shard, batch] of byShard) void publish(shard, batch);
  };
}
