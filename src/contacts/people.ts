import type { Accounts } from "../accounts/mod.ts";
import type { Database } from "../db/database.ts";
import type { User } from "../protocol/accounts.ts";
import type { Person } from "../protocol/contacts.ts";
import type { UserId } from "../protocol/ids.ts";
import type { List, ListQuery } from "../protocol/page.ts";
import { relationshipOf } from "./shape.ts";
import { statesOf } from "./store.ts";

/** Other people as somebody sees them. */
export interface People {
  findPeople(
    by: UserId,
    query: ListQuery & { readonly query: string },
  ): Promise<List<Person>>;
  /** Rejects with `not_found`. */
  person(by: UserId, userId: UserId): Promise<Person>;
}

export function createPeople(
  { db, accounts }: {
    readonly db: Database;
    readonly accounts: Pick<Accounts, "findUsers" | "user">;
  },
): People {
  async function seenBy(by: UserId, users: readonly User[]) {
    if (users.length === 0) return [];
    const [rows] = await db.run(
      statesOf(by, users.map(({ userId }) => userId)),
    );
    const states = new Map(rows.map(({ peerId, state }) => [peerId, state]));
    return users.map((user): Person => ({
      ...user,
      relationship: user.userId === by
        ? "self"
        : relationshipOf(states.get(user.userId) ?? "none"),
    }));
  }

  return {
    async findPeople(by, query) {
      const page = await accounts.findUsers(query);
      return { ...page, items: await seenBy(by, page.items) };
    },
    async person(by, userId) {
      const [person] = await seenBy(by, [await accounts.user(userId)]);
      return person!;
    },
  };
}
