import type { Announcement, Relay } from "../relay/relay.ts";
import { shardOf } from "../relay/relay.ts";
import type { Announced, Ring } from "./command.ts";

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
export type Announce<News = Announced> = (news: readonly News[]) => void;

export function createAnnounce(
  parts: AnnounceParts,
): Announce<Announced | Ring> {
  const { isolateId, relay, local, onRelayFailure } = parts;
  let count = 0;

  function announcement(announced: Announced | Ring): Announcement {
    const id = `${isolateId}:${++count}`;
    const common = { id, origin: isolateId, ...scopeOf(announced) };
    if ("presence" in announced) {
      const { towards } = announced;
      return { ...common, ...(towards && { towards }) };
    }
    const { rev, event } = announced;
    return {
      ...common,
      ...(rev === undefined ? {} : { rev }),
      event,
      ...("pair" in announced ? { pair: announced.pair } : {}),
      ...("by" in announced ? { by: announced.by } : {}),
    };
  }

  async function publish(shard: number, batch: readonly Announcement[]) {
    try {
      await relay.publish(shard, batch);
    } catch (error) {
      onRelayFailure(error, batch.length);
    }
  }

  return (news) => {
    if (news.length === 0) return;
    const announcements = news.map(announcement);
    local(announcements);
    const byShard = Map.groupBy(
      announcements,
      ({ scopeId }) => shardOf(scopeId),
    );
    for (const [shard, batch] of byShard) void publish(shard, batch);
  };
}

function scopeOf(
  announced: Announced | Ring,
): Pick<Announcement, "audience" | "scopeId"> {
  if ("chat" in announced) {
    return { audience: "chat", scopeId: announced.chat };
  }
  if ("account" in announced) {
    return { audience: "account", scopeId: announced.account };
  }
  return { audience: "presence", scopeId: announced.presence };
}
