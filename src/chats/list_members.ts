import type { Database } from "../db/database.ts";
import type { Member } from "../protocol/chats.ts";
import { ChatId, UserId } from "../protocol/ids.ts";
import { type List, type ListQuery, paged } from "../protocol/page.ts";
import { Problem } from "../protocol/problem.ts";
import { profiledMemberOf } from "./shape.ts";
import { activeMembership, memberPage } from "./store.ts";

/** The present members in the order of their coming. */
export async function listMembers(
  db: Database,
  chatId: ChatId,
  by: UserId,
  { cursor, limit }: ListQuery,
): Promise<List<Member>> {
  const after = cursor === undefined ? null : readCursor(cursor);
  const [[membership], rows] = await db.snapshot(
    activeMembership(chatId, by),
    memberPage(chatId, after, limit + 1),
  );
  if (!membership) throw new Problem("not_found");
  return paged(
    rows.map(profiledMemberOf),
    limit,
    ({ joinedAt, userId }) => `${joinedAt} ${userId}`,
  );
}

function readCursor(cursor: string) {
  const [joinedAt, userId] = cursor.split(" ");
  const id = UserId.safeParse(userId);
  if (!joinedAt || Number.isNaN(Date.parse(joinedAt)) || !id.success) {
    throw new Problem("invalid_input", {
      errors: [{
        path: "cursor",
        message: "Must be a cursor that this list gave",
      }],
    });
  }
  return { joinedAt, userId: id.data };
}
