import { sql, type Statement } from "../db/sql.ts";
import type { TimePlace } from "../db/time_cursor.ts";
import type { Role } from "../protocol/chats.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { type ProfiledMemberRow, profiledMembers } from "./store.ts";

/** Which of the present members are wanted, and from where on. */
export interface MemberWish {
  readonly chatId: ChatId;
  readonly role: Role | undefined;
  readonly after: TimePlace<UserId> | null;
}

/**
 * So many people, of all there are, may have a name before the members are looked through instead: few
 * enough to look each of them up.
 */
const namesakes = 2000;

/** Members that one page looks through for a name that many have. */
const stretch = 5000;

/**
 * Those in charge have an index of their own, which is found by naming both roles. A role that the kind of
 * chat has not is nobody's: the members are not looked through for it.
 */
const ofRole = (chatId: ChatId, role: Role | undefined) =>
  role === undefined
    ? sql`true`
    : role === "owner" || role === "admin"
    ? sql`role in ('owner', 'admin') and role = ${role}`
    : sql`role = ${role} and (select (kind = 'channel') = ${
      role === "subscriber" ? sql`true` : sql`false`
    } from chats where chats.chat_id = ${chatId}::uuid)`;

const wanted = ({ chatId, role, after }: MemberWish) =>
  sql`chat_id = ${chatId}::uuid and left_at is null and ${
    ofRole(chatId, role)
  } and ${
    after === null
      ? sql`true`
      : sql`(joined_at, user_id) > (${after.at}::timestamptz, ${after.id}::uuid)`
  }`;

/** A page of the present members in the order of their coming. */
export const memberPage = (
  wish: MemberWish,
  limit: number,
): Statement<ProfiledMemberRow> =>
  sql<ProfiledMemberRow>`${profiledMembers} where ${wanted(wish)}
    order by joined_at, user_id limit ${limit}`;

/** Text as the beginning that LIKE is to look for. */
const beginning = (text: string) => `${text.replaceAll(/[\\%_]/g, "\\$&")}%`;

/** Everybody whose username or display name begins so, up to one more than can be looked up. */
const named = (query: string) =>
  sql`(select user_id from users where username like lower(${beginning(query)})
      order by username using ~<~ limit ${namesakes + 1})
    union all
    (select user_id from users where lower(display_name) like lower(${
    beginning(query)
  })
      order by lower(display_name) using ~<~ limit ${namesakes + 1})`;

/** Whether a name is so common that looking up everybody who has it would take too long. */
export const commonness = (query: string): Statement<{ isCommon: boolean }> =>
  sql<{ isCommon: boolean }>`select count(*) > ${namesakes} as is_common
    from (${named(query)}) namesake`;

/** A page of the members with a name that few people have, in the order of their coming. */
export const membersOfRareName = (
  wish: MemberWish,
  query: string,
  limit: number,
): Statement<ProfiledMemberRow> =>
  sql<ProfiledMemberRow>`with namesake as materialized (
      select distinct user_id from (${named(query)}) found
    )
    ${profiledMembers} join namesake using (user_id)
    where ${wanted(wish)} order by joined_at, user_id limit ${limit}`;

/**
 * A page of the members with a name that many people have, among the next that came. `offset 0` has each
 * of them looked up by key: planned as one join, everybody with the name would be read.
 */
export const membersOfCommonName = (
  wish: MemberWish,
  query: string,
  limit: number,
): Statement<ProfiledMemberRow> =>
  sql<ProfiledMemberRow>`select next.*, person.* from (
      select * from members where ${wanted(wish)}
      order by joined_at, user_id limit ${stretch}
    ) next cross join lateral (
      select username, display_name, public_about as about from users
      where users.user_id = next.user_id offset 0
    ) person
    where username like lower(${beginning(query)})
      or lower(display_name) like lower(${beginning(query)})
    order by joined_at, user_id limit ${limit}`;

/** Where that page ends its search; no row where there is nobody after. */
export const stretchEnd = (
  wish: MemberWish,
): Statement<{ joinedAt: Date; userId: UserId }> =>
  sql<{ joinedAt: Date; userId: UserId }>`select joined_at, user_id
    from members where ${wanted(wish)}
    order by joined_at, user_id offset ${stretch - 1} limit 1`;
