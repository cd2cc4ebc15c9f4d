import { allows, isBlocked } from "../contacts/mod.ts";
import type { Database } from "../db/database.ts";
import type { Presence } from "../protocol/accounts.ts";
import {
  type Pair,
  presenceOf,
  type PresenceRow,
  type Sight,
  sights,
} from "./store.ts";

/** What a watcher may know of a person; undefined where the two have nothing to do with each other. */
export type Seen = (pair: Pair) => Presence | undefined;

/** Looks up how it is with many people at once, each for those who want to see her. */
export type See = (pairs: readonly Pair[]) => Promise<Seen>;

const key = ({ userId, watcherId }: Pair) => `${userId}/${watcherId}`;

/** What everybody may know of a stranger, of nobody, and of whoever hides. */
export const hidden = (userId: Presence["userId"]): Presence => ({
  userId,
  online: false,
  lastSeenAt: null,
});

export function createSee(db: Database): See {
  return async (pairs) => {
    const userIds = [...new Set(pairs.map(({ userId }) => userId))];
    // In a transaction, where the planner goes by key. Outside it took many pairs for so much work
    // that compiling the plan (JIT) took longer than running it.
    const [rows, found] = await db.transaction((tx) =>
      tx.commit(presenceOf(userIds), sights(pairs))
    );
    const people = new Map(rows.map((row) => [row.userId, row]));
    const seen = new Map(
      found.map((sight) => [key(sight), shown(sight, people)]),
    );
    return (pair) => seen.get(key(pair));
  };
}

/**
 * How it is with a person, as far as the watcher may know. Whoever hides that she is here hides when
 * she was here too: a last time that is just now would tell the same. Blocked people see nothing.
 */
function shown(
  sight: Sight,
  people: ReadonlyMap<string, PresenceRow>,
): Presence {
  const { userId, watcherId, presenceRule, lastSeenRule } = sight;
  const row = people.get(userId);
  const lets = (rule: Sight["presenceRule"]) =>
    allows(rule, sight, watcherId, userId);
  if (!row || isBlocked(sight) || !lets(presenceRule)) return hidden(userId);
  const isTold = !row.online && lets(lastSeenRule);
  return {
    userId,
    online: row.online,
    lastSeenAt: isTold ? row.seenAt.toISOString() : null,
  };
}
