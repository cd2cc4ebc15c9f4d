import type { Database } from "../db/database.ts";
import { readTimeCursor, writeTimeCursor } from "../db/time_cursor.ts";
import type { Member } from "../protocol/chats.ts";
import { type ChatId, UserId } from "../protocol/ids.ts";
import { type List, type ListQuery, paged } from "../protocol/page.ts";
import { Problem } from "../protocol/problem.ts";
import { refuseToList } from "./channel_rules.ts";
import { profiledMemberOf } from "./shape.ts";
import { activeMembership, memberPage } from "./store.ts";

/** The present members in the order of their coming. */
export async function listMembers(
  db: Database,
  chatId: ChatId,
  by: UserId,
  { cursor, limit }: ListQuery,
): Promise<List<Member>> {
  const after = cursor === undefined ? null : readTimeCursor(cursor, UserId);
  const [[membership], rows] = await db.snapshot(
    activeMembership(chatId, by),
    memberPage(chatId, after, limit + 1),
  );
  if (!membership) throw new Problem("not_found");
  const refusal = refuseToList(membership);
  if (refusal) throw refusal;
  return paged(
    rows.map(profiledMemberOf),
    limit,
    ({ joinedAt, userId }) => writeTimeCursor({ at: joinedAt, id: userId }),
  );
}
