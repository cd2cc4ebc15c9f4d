/**
 * What this isolate keeps for a while instead of reading it again, and what tells it that something
 * is out of date. `deno task bench --only=caches` shows what each of them buys.
 *
 * Not here, because it would be wrong or would buy nothing:
 * - Memberships, rights and heads of chats. A read of a chat asks for the membership together with
 *   what it reads, in one round trip, so that both are of one moment; one that answered from memory
 *   could be older than the `rev` that the reader's hello was told, and what lies between would be
 *   missed for good. What is decided under the lock never looks here anyway.
 * - Profiles: the reader's relationship to the person is asked for in any case.
 * - A second level in Redis: whoever reads has to ask Postgres for the right to, and gets what is
 *   missing with the same answer; over REST Redis takes longer to answer than that.
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
