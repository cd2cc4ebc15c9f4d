import type { Database } from "../db/database.ts";
import type { UserId } from "../protocol/ids.ts";
import { createPump } from "./pump.ts";
import {
  clearTheDead,
  connectedNowhereElse,
  enter,
  goneWithTheDead,
  handOver,
  holdLease,
  lockTheDead,
  renewLease,
  sight,
  sightOfTheDead,
  strike,
} from "./store.ts";

/** People written at once: thousands who come back after a restart cost a few statements. */
const batchSize = 1000;

/**
 * This isolate's page in the database: its lease, and who is connected to it. What could not be
 * written is written at a later renewal.
 */
export interface Ledger {
  come(userId: UserId): void;
  /** `leftAt`: when, by `now`. */
  go(userId: UserId, leftAt: number): void;
  /** Renews the lease, enters everyone anew where it was lost, and clears away isolates that died. */
  renew(): Promise<void>;
  /** Lets the lease run out: there is nobody to hold it for. */
  lapse(): void;
  /** How many comings and goings are still to be written. */
  readonly behind: number;
  /**
   * Writes nothing more, but when everyone was last here. They stay connected for the grace time, as
   * anyone who goes: most come back elsewhere meanwhile, and an isolate that stays clears up the rest.
   */
  close(lastHere: ReadonlyMap<UserId, number>): Promise<void>;
}

export interface LedgerParts {
  readonly db: Database;
  /** Connections that no crowd of readers holds up: with a lease renewed too late, everyone is gone. */
  readonly leaseDb: Database;
  readonly isolateId: string;
  readonly leaseMs: number;
  readonly graceMs: number;
  /** Milliseconds that never run backwards. */
  now(): number;
  /** Everyone on this isolate. */
  people(): Iterable<UserId>;
  /** Takes those whose coming or going is news, once it is stored. */
  onTurned(userIds: readonly UserId[]): void;
  background(what: string, work: Promise<unknown>): void;
}

export function createLedger(parts: LedgerParts): Ledger {
  const { db, leaseDb, isolateId, leaseMs, graceMs } = parts;
  const { now, people, onTurned, background } = parts;
  /** When they left, or null for those who came. What a person did last counts. */
  const unwritten = new Map<UserId, number | null>();
  /** Since when the lease has lasted; undefined while there is none that we know of. */
  let heldSince: number | undefined;
  let isClosed = false;

  const pump = createPump({
    what: "write presence",
    isWaiting: () => unwritten.size > 0 && !isClosed,
    step: write,
    background,
  });

  function note(userId: UserId, leftAt: number | null) {
    unwritten.set(userId, leftAt);
    pump.start();
  }

  async function renewed() {
    const [[lease]] = await leaseDb.run(renewLease(isolateId, leaseMs));
    const since = lease!.beganAt.getTime();
    if (since !== heldSince) {
      // Others may have taken this isolate for dead, and told that everyone had left.
      for (const userId of people()) unwritten.set(userId, null);
    }
    heldSince = since;
    return lease!;
  }

  async function write() {
    if (heldSince === undefined) await renewed();
    const batch = take(unwritten, batchSize);
    try {
      if (await store(batch)) return;
    } catch (error) {
      putBack(batch);
      throw error;
    }
    // The next step takes a new lease.
    heldSince = undefined;
    putBack(batch);
  }

  /** Answers false where the lease is gone: then nobody has been entered. */
  async function store(batch: ReadonlyMap<UserId, number | null>) {
    const came: UserId[] = [];
    const went: UserId[] = [];
    for (const [userId, leftAt] of batch) {
      (leftAt === null ? came : went).push(userId);
    }
    const [held, , , , turned] = await db.run(
      holdLease(isolateId),
      sight(sightings(batch)),
      enter(isolateId, came),
      strike(isolateId, went),
      connectedNowhereElse(isolateId, [...came, ...went]),
    );
    if (held.length === 0) return false;
    onTurned(turned.map(({ userId }) => userId));
    return true;
  }

  const sightings = (lastHere: ReadonlyMap<UserId, number | null>) =>
    [...lastHere].map(([userId, leftAt]) => ({
      userId,
      agoMs: leftAt === null ? 0 : now() - leftAt,
    }));

  function putBack(batch: ReadonlyMap<UserId, number | null>) {
    for (const [userId, leftAt] of batch) {
      if (!unwritten.has(userId)) unwritten.set(userId, leftAt);
    }
  }

  async function clear() {
    const [, , gone] = await db.run(
      lockTheDead,
      sightOfTheDead,
      goneWithTheDead,
      ...clearTheDead,
    );
    onTurned(gone.map(({ userId }) => userId));
  }

  return {
    come: (userId) => note(userId, null),
    go: note,
    get behind() {
      return unwritten.size;
    },

    async renew() {
      const { othersDied } = await renewed();
      pump.retry();
      if (othersDied) await clear();
    },

    lapse() {
      heldSince = undefined;
    },

    async close(lastHere) {
      isClosed = true;
      await pump.settled();
      for (const [userId, leftAt] of lastHere) unwritten.set(userId, leftAt);
      if (unwritten.size === 0) return;
      await db.run(handOver(isolateId, graceMs), sight(sightings(unwritten)));
    },
  };
}

/** Takes out the oldest entries. */
function take<K, V>(from: Map<K, V>, count: number): Map<K, V> {
  const taken = new Map([...from].slice(0, count));
  for (const key of taken.keys()) from.delete(key);
  return taken;
}
