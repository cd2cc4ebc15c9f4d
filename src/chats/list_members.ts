import type { Database } from "../db/database.ts";
import type { Statement } from "../db/sql.ts";
import { readTimeCursor, writeTimeCursor } from "../db/time_cursor.ts";
import type { Member, MemberQuery } from "../protocol/chats.ts";
import { type ChatId, UserId } from "../protocol/ids.ts";
import { type List, paged } from "../protocol/page.ts";
import { refuseToList } from "./channel_rules.ts";
import {
  commonness,
  memberPage,
  membersOfCommonName,
  membersOfRareName,
  type MemberWish,
  stretchEnd,
} from "./member_search_store.ts";
import { readAsMember } from "./read_as_member.ts";
import { profiledMemberOf } from "./shape.ts";

/**
 * The present members in the order of their coming, of one role and with one name where that is asked
 * for. A page costs the same whatever the size of the chat: of a name that many people have it looks
 * through so many members only, and may be shorter than asked for, even empty, where more follow.
 */
export async function listMembers(
  db: Database,
  chatId: ChatId,
  by: UserId,
  { cursor, limit, query, role }: MemberQuery,
): Promise<List<Member>> {
  const after = cursor === undefined ? null : readTimeCursor(cursor, UserId);
  const wish = { chatId, role, after };

  const read = <S extends readonly Statement<unknown>[]>(...statements: S) =>
    readAsMember(db, { chatId, by, refuse: refuseToList }, ...statements);

  if (query === undefined) {
    const [rows] = await read(memberPage(wish, limit + 1));
    return shown(rows, limit);
  }
  const [[name]] = await read(commonness(query));
  if (!name!.isCommon) {
    const [rows] = await read(membersOfRareName(wish, query, limit + 1));
    return shown(rows, limit);
  }
  return await lookThrough(wish, query);

  async function lookThrough(wish: MemberWish, query: string) {
    const [rows, [end]] = await read(
      membersOfCommonName(wish, query, limit + 1),
      stretchEnd(wish),
    );
    const page = shown(rows, limit);
    if (page.nextCursor !== null || !end) return page;
    const place = { at: end.joinedAt.toISOString(), id: end.userId };
    return { ...page, nextCursor: writeTimeCursor(place) };
  }
}

const shown = (
  rows: readonly Parameters<typeof profiledMemberOf>[0][],
  limit: number,
): List<Member> =>
  paged(
    rows.map(profiledMemberOf),
    limit,
    ({ joinedAt, userId }) => writeTimeCursor({ at: joinedAt, id: userId }),
  );
