import type { Database } from "../db/database.ts";
import type { Presence } from "../protocol/accounts.ts";
import { type Pair, presenceOf, visible } from "./store.ts";

/** What a watcher may know of a person; undefined where that is nothing. */
export type Seen = (pair: Pair) => Presence | undefined;

/** Looks up how it is with many people at once, each for those who want to see her. */
export type See = (pairs: readonly Pair[]) => Promise<Seen>;

const key = ({ userId, watcherId }: Pair) => `${userId}/${watcherId}`;

/** What everybody may know of a stranger, and of nobody. */
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
    const [rows, allowed] = await db.transaction((tx) =>
      tx.commit(presenceOf(userIds), visible(pairs))
    );
    const mayKnow = new Set(allowed.map(key));
    // One object a person, whoever is told of it.
    const presences = new Map(userIds.map((id) => [id, hidden(id)]));
    for (const { userId, online, seenAt } of rows) {
      const lastSeenAt = online ? null : seenAt.toISOString();
      presences.set(userId, { userId, online, lastSeenAt });
    }
    return (pair) =>
      mayKnow.has(key(pair)) ? presences.get(pair.userId) : undefined;
  };
}
