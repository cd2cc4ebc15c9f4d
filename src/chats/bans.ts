import { type Read, reads, type State } from "../changes/mod.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import type { Problem } from "../protocol/problem.ts";
import { bans } from "./ban_store.ts";
import { forbidden } from "./rules.ts";

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
