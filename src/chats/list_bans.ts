import type { Database } from "../db/database.ts";
import { readTimeCursor, writeTimeCursor } from "../db/time_cursor.ts";
import type { Ban } from "../protocol/groups.ts";
import { type ChatId, UserId } from "../protocol/ids.ts";
import { type List, type ListQuery, paged } from "../protocol/page.ts";
import { banPage } from "./ban_store.ts";
import { readAsMember } from "./read_as_member.ts";
import { hasRight } from "./rights.ts";
import { forbidden } from "./rules.ts";
import type { MemberRow } from "./store.ts";

const refuse = (membership: MemberRow) =>
  hasRight(membership, "banMembers")
    ? undefined
    : forbidden("Only those who may ban see who is banned");

/** Who is banned, for those who may ban. */
export async function listBans(
  db: Database,
  chatId: ChatId,
  by: UserId,
  { cursor, limit }: ListQuery,
): Promise<List<Ban>> {
  const after = cursor === undefined ? null : readTimeCursor(cursor, UserId);
  const [rows] = await readAsMember(
    db,
    { chatId, by, refuse },
    banPage(chatId, after, limit + 1),
  );
  const { items, nextCursor } = paged(
    rows,
    limit,
    ({ bannedAt, userId }) =>
      writeTimeCursor({ at: bannedAt.toISOString(), id: userId }),
  );
  return {
    nextCursor,
    items: items.map((row) => ({
      user: {
        userId: row.userId,
        username: row.username,
        displayName: row.displayName,
      },
      bannedBy: row.bannedBy,
      bannedAt: row.bannedAt.toISOString(),
    })),
  };
}
