import type { Database } from "../db/database.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { limits } from "../protocol/limits.ts";
import { may } from "./rights.ts";
import { activeMembership, chatSince } from "./store.ts";

/**
 * Whether a group is told of a member's typing: not of one who may not write there, nor where it has
 * so many members that they are not told of each other's comings and goings either.
 */
export async function mayType(
  db: Database,
  chatId: ChatId,
  by: UserId,
): Promise<boolean> {
  const [[member], [chat]] = await db.snapshot(
    activeMembership(chatId, by),
    chatSince(chatId, -1),
  );
  return member !== undefined && chat !== undefined &&
    chat.memberCount <= limits.toldMembers &&
    may({ chat, member }, "sendMessages");
}
