import { type Command, put, reads } from "../changes/mod.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { bans } from "./ban_store.ts";
import { banReads } from "./bans.ts";
import { admitWithRight } from "./rights.ts";
import { accessKeys } from "./rules.ts";
import { chats, members } from "./store.ts";

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
      const access = admitWithRight(state, chatId, by, "banMembers");
      if (access instanceof Problem) return access;
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
