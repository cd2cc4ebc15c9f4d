import { presentUser, users } from "../accounts/mod.ts";
import {
  type Command,
  put,
  type Read,
  reads,
  type State,
} from "../changes/mod.ts";
import type { Database } from "../db/database.ts";
import { readTimeCursor, writeTimeCursor } from "../db/time_cursor.ts";
import type { Ban } from "../protocol/groups.ts";
import { type ChatId, UserId } from "../protocol/ids.ts";
import { type List, type ListQuery, paged } from "../protocol/page.ts";
import { Problem } from "../protocol/problem.ts";
import { banPage, bans } from "./ban_store.ts";
import { endWaiting, waitReads } from "./invite_store.ts";
import { leave } from "./membership.ts";
import type { Narration } from "./narration.ts";
import { hasRight, refuseUnlessRight } from "./rights.ts";
import { accessKeys, admit, forbidden, outranks } from "./rules.ts";
import { activeMembership, chats, members } from "./store.ts";

/** What whoever lets people into a chat reads, to be sure that none of them is banned. */
export const banReads = (
  chatId: ChatId,
  userIds: readonly UserId[],
): Read => reads(bans, userIds.map((userId) => ({ chatId, userId })));

/** Why these may not come in. Needs the rows of `banReads`. */
export function refuseBanned(
  state: State,
  chatId: ChatId,
  userIds: readonly UserId[],
): Problem | undefined {
  const banned = userIds.find((userId) =>
    state.get(bans, { chatId, userId })?.isActive
  );
  return banned && forbidden(`The user ${banned} is banned from the chat`);
}

/**
 * Keeps a person out until unbanned, and takes her out now; whoever waits to be let in waits no longer.
 * Repeating it changes nothing.
 */
export function banMember(
  narration: Narration,
  chatId: ChatId,
  by: UserId,
  userId: UserId,
): Command<void> {
  const keys = accessKeys(chatId, by, userId);
  const key = { chatId, userId };
  return {
    scopes: [chatId, userId],
    reads: [
      reads(chats, keys.chat),
      reads(members, keys.members),
      reads(users, [{ userId }]),
      banReads(chatId, [userId]),
      ...waitReads(chatId, [userId]),
    ],
    prepare: narration.prepare,
    decide(state) {
      const access = admit(state, chatId, by);
      if (access instanceof Problem) return access;
      const refusal = refuseUnlessRight(access, "banMembers");
      if (refusal) return refusal;
      if (!presentUser(state, userId)) return new Problem("not_found");
      const target = state.get(members, key);
      const isIn = target?.leftAt === null;
      if (isIn && !outranks(access.member.role, target.role)) {
        return forbidden("Only members of a lower role can be banned");
      }
      if (state.get(bans, key)?.isActive) return { reply: undefined };
      return {
        fact(numbers) {
          const rows = [
            put(bans, {
              ...key,
              bannedBy: by,
              bannedAt: numbers.now,
              isActive: true,
            }),
            ...endWaiting(state, chatId, userId),
          ];
          if (!isIn) return { rows, events: [], reply: undefined };
          const step = leave(state, numbers, access.chat, target);
          const told = step.isTold && access.chat.kind === "group"
            ? narration.tell(numbers, by, {
              type: "system",
              event: "memberRemoved",
              userId,
            })
            : { rows: [], events: [] };
          return {
            rows: [...rows, ...step.rows, ...told.rows],
            events: [...step.events, ...told.events],
            reply: undefined,
          };
        },
      };
    },
  };
}

/** Lets a person come in again; she has to be added, or to come, anew. */
export function unbanMember(
  chatId: ChatId,
  by: UserId,
  userId: UserId,
): Command<void> {
  const keys = accessKeys(chatId, by);
  return {
    scopes: [chatId],
    reads: [
      reads(chats, keys.chat),
      reads(members, keys.members),
      banReads(chatId, [userId]),
    ],
    decide(state) {
      const access = admit(state, chatId, by);
      if (access instanceof Problem) return access;
      const refusal = refuseUnlessRight(access, "banMembers");
      if (refusal) return refusal;
      const ban = state.get(bans, { chatId, userId });
      if (!ban?.isActive) return new Problem("not_found");
      return {
        fact: () => ({
          rows: [put(bans, { ...ban, isActive: false })],
          events: [],
          reply: undefined,
        }),
      };
    },
  };
}

/** Who is banned, for those who may ban. */
export async function listBans(
  db: Database,
  chatId: ChatId,
  by: UserId,
  { cursor, limit }: ListQuery,
): Promise<List<Ban>> {
  const after = cursor === undefined ? null : readTimeCursor(cursor, UserId);
  const [[membership], rows] = await db.snapshot(
    activeMembership(chatId, by),
    banPage(chatId, after, limit + 1),
  );
  if (!membership) throw new Problem("not_found");
  if (!hasRight(membership, "banMembers")) {
    throw forbidden("Only those who may ban see who is banned");
  }
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
