import type { Database } from "../db/database.ts";
import type { User } from "../protocol/accounts.ts";
import { UserId } from "../protocol/ids.ts";
import { badCursor, type List, type ListQuery } from "../protocol/page.ts";
import { userOf } from "./shape.ts";
import {
  displayNameStretchEnd,
  usersByDisplayName,
  usersByUsername,
} from "./store.ts";

/** Where a page ended: among the usernames, or among the display names after them. */
type Place = { username: string } | { name: string; userId: UserId };

/**
 * People whose username begins with the query, then those whose display name does; each part in its
 * own order, so that either is a walk along an index. A page looks through so many display names only,
 * and may be shorter than asked for, even empty, where more follow.
 */
export async function findUsers(
  db: Database,
  { query, cursor, limit }: ListQuery & { readonly query: string },
): Promise<List<User>> {
  const place = cursor === undefined ? { username: "" } : read(cursor);
  const isAmongUsernames = "username" in place;
  const named = isAmongUsernames ? null : place;
  const [byDisplayName, [end], byUsername = []] = await db.run(
    usersByDisplayName(query, named, limit + 1),
    displayNameStretchEnd(query, named),
    ...(isAmongUsernames
      ? [usersByUsername(query, place.username, limit + 1)]
      : []),
  );
  const found = [
    ...byUsername.map((row) => ({
      user: userOf(row),
      end: `u${row.username}`,
    })),
    ...byDisplayName.map((row) => ({
      user: userOf(row),
      end: amongNames(row),
    })),
  ];
  const page = found.slice(0, limit);
  return {
    items: page.map(({ user }) => user),
    nextCursor: found.length > limit
      ? page.at(-1)!.end
      : end
      ? amongNames(end)
      : null,
  };
}

const amongNames = (
  { name, userId }: { readonly name: string; readonly userId: UserId },
) => `n${userId}${name}`;

function read(cursor: string): Place {
  const rest = cursor.slice(1);
  if (cursor.startsWith("u") && !rest.includes("\0")) return { username: rest };
  const userId = UserId.safeParse(rest.slice(0, 36));
  if (cursor.startsWith("n") && userId.success && !rest.includes("\0")) {
    return { name: rest.slice(36), userId: userId.data };
  }
  throw badCursor();
}
