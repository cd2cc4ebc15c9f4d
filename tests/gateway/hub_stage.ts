import { createHub, type HubParts } from "../../src/gateway/hub.ts";
import type { Listener } from "../../src/gateway/listener.ts";
import { createInterest } from "../../src/gateway/interest.ts";
import { createBackground } from "../../src/lib/background.ts";
import { createLog } from "../../src/lib/log.ts";
import type { Event } from "../../src/protocol/events.ts";
import type { DeviceId, UserId } from "../../src/protocol/ids.ts";
import { createLocalRelay } from "../../src/relay/local.ts";
import { newId, newUser } from "./news.ts";

/** A listener that keeps what it hears. */
export interface Ear extends Listener {
  readonly events: Event[];
  isRevoked: boolean;
  /** Called with each event that arrives from now on. */
  onEvent: (event: Event) => void;
  /** Resolves with the first event of the type, heard already or not. */
  heard(type: Event["type"]): Promise<Event>;
}

export function ear(userId: UserId): Ear {
  const events: Event[] = [];
  const waiting = new Set<() => void>();
  return {
    userId,
    deviceId: newId<DeviceId>(),
    events,
    isRevoked: false,
    onEvent: () => {},
    deliver(_scopeId, _rev, frame) {
      const event = JSON.parse(frame) as Event;
      events.push(event);
      this.onEvent(event);
      waiting.forEach((look) => look());
    },
    revoke() {
      this.isRevoked = true;
    },
    heard(type) {
      const { promise, resolve } = Promise.withResolvers<Event>();
      const look = () => {
        const found = events.find((event) => event.type === type);
        if (!found) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      return promise;
    },
  };
}

/** What an ear has heard, as `[type, rev]`. */
export const heardBy = ({ events }: Ear) =>
  events.map((event) => [
    event.type,
    "rev" in event && event.rev !== undefined
      ? event.rev
      : "accountRev" in event
      ? event.accountRev
      : null,
  ]);

/** A hub over a relay of its own; looks at the database are refused unless a test answers them. */
export function hubStage(parts: Partial<HubParts> = {}) {
  const complaints: string[] = [];
  const log = createLog({
    level: "warn",
    write: (line) => complaints.push(line),
  });
  const background = createBackground(log);
  const interest = createInterest({
    relay: createLocalRelay(),
    on: (batch) => hub.receive(batch),
    onGap: () => {},
    onFailure: (error) => complaints.push(String(error)),
  });
  const hub = createHub({
    onLost: () => {},
    interest,
    background,
    catchUpChat: () => Promise.reject(new Error("Nobody expected a look")),
    catchUpAccount: () => Promise.reject(new Error("Nobody expected a look")),
    // Long: what a test does not bring about does not happen.
    reorderMs: 60_000,
    ...parts,
  });
  return { hub, interest, background, complaints };
}

/** A listener in its account, which is at 1, and in a chat, which is at `rev`. */
export async function listenerIn(
  { hub }: Pick<ReturnType<typeof hubStage>, "hub">,
  chatId: string,
  rev: number,
  userId = newUser(),
): Promise<Ear> {
  const listener = ear(userId);
  await hub.enter(listener, [userId, chatId]);
  hub.know(listener, userId, 1);
  hub.know(listener, chatId, rev);
  return listener;
}

/** What `heardBy` shows of messages at these revs. */
export const created = (...revs: number[]) =>
  revs.map((rev) => ["message.created", rev]);
