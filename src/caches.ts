/**
 * What this isolate keeps for a while instead of reading it again, and what tells it that something
 * is out of date. `deno task bench --only=caches` shows what each of them buys.
 *
 * Devices: a read asks Postgres once instead of twice, 1.3 times as many of them, in three quarters of
 * the time. Messages: latest pages at 1.9 times the rate and a third of the processor time (1.7 times
 * while 20 messages a second are said), older pages and chat lists at 0.7 of the processor time.
 *
 * Not here, because it would be wrong or would buy nothing:
 * - Memberships and rights. A read of a chat asks for the membership together with what it reads, in
 *   one round trip, so that both are of one moment: without the one the other would be asked for as
 *   before. What is decided under the lock never looks here anyway.
 * - Heads of chats. What a hello or a page says must not be older than what the reader was told
 *   before, on another isolate: what lies between would be missed for good.
 * - Profiles: what the person is to the reader, and shows to that reader, is asked for in any case.
 * - A second level in Redis. It would hold what is sealed, to be opened again; and Postgres has to be
 *   asked before for the right to read and how the page stands. That takes 0.46 ms and Redis, over
 *   REST on the same machine, 0.49 ms more, where Postgres has the whole page in 0.61 ms; from farther
 *   away it is as many round trips to Postgres with a second level as without.
 */
import { createKnownDevices, type KnownDevices } from "./accounts/mod.ts";
import type { SweptHead } from "./changes/mod.ts";
import type { CacheName } from "./config.ts";
import type { Counters } from "./lib/counters.ts";
import type { MeasureName } from "./measures.ts";
import {
  createOpenedMessages,
  type MessagesParts,
  type OpenedMessages,
} from "./messages/mod.ts";
import type { Announcement } from "./relay/relay.ts";

export interface CachesParts {
  readonly wanted: readonly CacheName[];
  readonly counters: Counters<MeasureName>;
  /** Since when this isolate hears of a scope, by `now`. */
  heardSince(scopeId: string): number | undefined;
  readonly sweepMs: number;
  now(): number;
}

export interface Caches {
  /** For the parts that use them; empty where they are not wanted. */
  readonly ofAccounts: { readonly knownDevices?: KnownDevices };
  readonly ofMessages: Pick<MessagesParts, "keepOpened">;
  hear(announcements: readonly Announcement[]): void;
  onHeads(heads: readonly SweptHead[]): void;
  /** Something may have been missed. */
  onGap(): void;
}

export function createCaches(
  { wanted, counters, heardSince, sweepMs, now }: CachesParts,
): Caches {
  const knownDevices = wanted.includes("devices")
    ? createKnownDevices({
      now,
      heardSince,
      boundMs: sweepMs,
      onAsked: (isKnown) =>
        counters.add(
          isKnown ? "parley.cache.devices.hits" : "parley.cache.devices.misses",
        ),
    })
    : undefined;
  let opened: OpenedMessages | undefined;
  counters.watch("parley.cache.messages.bytes", () => opened?.bytes ?? 0);

  const keepOpened: MessagesParts["keepOpened"] = (open) =>
    opened = createOpenedMessages({
      open,
      now,
      onOpened(wanted, atHand) {
        counters.add("parley.cache.messages.hits", atHand);
        counters.add("parley.cache.messages.misses", wanted - atHand);
      },
      onPage: (isAtHand) =>
        counters.add(
          isAtHand ? "parley.cache.pages.hits" : "parley.cache.pages.misses",
        ),
    });

  return {
    ofAccounts: knownDevices ? { knownDevices } : {},
    ofMessages: wanted.includes("messages") ? { keepOpened } : {},
    hear(announcements) {
      knownDevices?.forget(
        announcements.flatMap(({ audience, scopeId }) =>
          audience === "account" ? [scopeId] : []
        ),
      );
      opened?.hear(announcements);
    },
    onHeads: (heads) =>
      knownDevices?.forget(heads.map(({ scopeId }) => scopeId)),
    onGap: () => knownDevices?.forgetAll(),
  };
}
