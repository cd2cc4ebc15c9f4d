import type { Accounts } from "../accounts/mod.ts";
import type { Database } from "../db/database.ts";
import type { User } from "../protocol/accounts.ts";
import type { Person } from "../protocol/contacts.ts";
import type { UserId } from "../protocol/ids.ts";
import type { List, ListQuery } from "../protocol/page.ts";
import { allows } from "./privacy.ts";
import { relationshipOf } from "./shape.ts";
import { seenBy } from "./store.ts";

/**
 * Other people as somebody sees them. Everywhere else profiles are shown to many at once, or stand in
 * what many have, and show what everybody may see.
 */
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
  async function describe(
    by: UserId,
    users: readonly User[],
  ): Promise<Person[]> {
    if (users.length === 0) return [];
    const [rows] = await db.run(seenBy(by, users.map(({ userId }) => userId)));
    const seen = new Map(rows.map((row) => [row.userId, row]));
    return users.map((user) => {
      const row = seen.get(user.userId);
      if (!row) return { ...user, relationship: "none" };
      return {
        ...user,
        about: allows(row.aboutRule, row, by, user.userId) ? row.about : "",
        relationship: user.userId === by ? "self" : relationshipOf(row.mine),
      };
    });
  }

  return {
    async findPeople(by, query) {
      const page = await accounts.findUsers(query);
      return { ...page, items: await describe(by, page.items) };
    },
    async person(by, userId) {
      const [person] = await describe(by, [await accounts.user(userId)]);
      return person!;
    },
  };
}
