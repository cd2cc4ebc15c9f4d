import { users } from "../accounts/mod.ts";
import { type Command, reads } from "../changes/mod.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { banReads, refuseBanned } from "./bans.ts";
import { endWaiting, waitReads } from "./invite_store.ts";
import { join } from "./membership.ts";
import { accessKeys } from "./rules.ts";
import { chats, members } from "./store.ts";

/**
 * Subscribes to a public channel; whoever has subscribed stays as they are. The chat comes first among
 * the scopes, so that all who join it at once wait in one lane and share its transactions.
 */
export function joinChannel(chatId: ChatId, userId: UserId): Command<void> {
  const keys = accessKeys(chatId, userId);
  return {
    scopes: [chatId, userId],
    reads: [
      reads(chats, keys.chat),
      reads(members, keys.members),
      reads(users, [{ userId }]),
      banReads(chatId, [userId]),
      ...waitReads(chatId, [userId]),
    ],
    decide(state) {
      const chat = state.get(chats, { chatId });
      if (!chat || chat.deletedAt !== null) return new Problem("not_found");
      const member = state.get(members, { chatId, userId });
      if (member?.leftAt === null) return { reply: undefined };
      if (chat.visibility !== "public") return new Problem("not_found");
      const banned = refuseBanned(state, chatId, [userId]);
      if (banned) return banned;
      return {
        fact(numbers) {
          const step = join(state, numbers, chat, userId, "subscriber");
          const events = [...step.events, step.welcome(step.chat)];
          const rows = [...step.rows, ...endWaiting(state, chatId, userId)];
          return { rows, events, reply: undefined };
        },
      };
    },
  };
}
