import { LRUCache } from "lru-cache";
import type { DeviceId, UserId } from "../protocol/ids.ts";

export interface KnownDevicesParts {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /**
   * Since when, on that clock, this isolate has heard all that the relay brings of an account; undefined
   * where it does not listen.
   */
  heardSince(userId: UserId): number | undefined;
  /** The longest that anything is known, in milliseconds: what a dead relay may hide a sign-out for. */
  readonly boundMs: number;
  /** The same where nobody would tell. */
  readonly unheardMs?: number;
  /** Told of every question, and whether the answer was known. */
  onAsked?(isKnown: boolean): void;
  /** People whose devices are known at most. */
  readonly people?: number;
}

/** One look at the database, from before it was asked. */
export interface Look extends Disposable {
  /** The device was signed in then. Passed over where news of the account came meanwhile. */
  found(deviceId: DeviceId): void;
}

/**
 * Which devices were signed in a moment ago. No entry outlives what ends it by more than the bound,
 * counted from before the database was asked: where this isolate hears of the account the news drops
 * it at once, and the sweep does so where the news is lost.
 */
export interface KnownDevices {
  has(userId: UserId, deviceId: DeviceId): boolean;
  /** Begin it before the database is asked: what is heard from then on counts. */
  look(userId: UserId): Look;
  /** Something happened to these accounts; ids of other things do no harm. */
  forget(scopeIds: Iterable<string>): void;
  /** News of anybody may have been missed. */
  forgetAll(): void;
}

/** Promise 5 gives a sign-out a second to take effect everywhere. */
const unheardAtMostMs = 1000;

export function createKnownDevices({
  now,
  heardSince,
  boundMs,
  unheardMs = unheardAtMostMs,
  onAsked = () => {},
  people = 20_000,
}: KnownDevicesParts): KnownDevices {
  /** When the database was asked, by device. */
  const known = new LRUCache<string, Map<DeviceId, number>>({ max: people });
  const looks = new Map<string, Set<{ isStale: boolean }>>();

  function isTrusted(userId: UserId, since: number): boolean {
    const age = now() - since;
    if (age > boundMs) return false;
    if (age <= unheardMs) return true;
    const heard = heardSince(userId);
    return heard !== undefined && heard <= since;
  }

  function has(userId: UserId, deviceId: DeviceId): boolean {
    const devices = known.get(userId);
    const since = devices?.get(deviceId);
    if (since === undefined) return false;
    if (isTrusted(userId, since)) return true;
    devices!.delete(deviceId);
    return false;
  }

  function outdate(scopeId: string) {
    for (const look of looks.get(scopeId) ?? []) look.isStale = true;
  }

  return {
    has(userId, deviceId) {
      const isKnown = has(userId, deviceId);
      onAsked(isKnown);
      return isKnown;
    },

    look(userId) {
      const since = now();
      const look = { isStale: false };
      const mine = looks.get(userId) ?? new Set();
      looks.set(userId, mine.add(look));
      return {
        found(deviceId) {
          if (look.isStale) return;
          const devices = known.get(userId) ?? new Map<DeviceId, number>();
          known.set(userId, devices.set(deviceId, since));
        },
        [Symbol.dispose]() {
          mine.delete(look);
          if (mine.size === 0 && looks.get(userId) === mine) {
            looks.delete(userId);
          }
        },
      };
    },

    forget(scopeIds) {
      for (const scopeId of scopeIds) {
        known.delete(scopeId);
        outdate(scopeId);
      }
    },

    forgetAll() {
      known.clear();
      for (const scopeId of looks.keys()) outdate(scopeId);
    },
  };
}
