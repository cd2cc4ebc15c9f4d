import { type Command, put, reads } from "../changes/mod.ts";
import type { ChatPatch } from "../protocol/chats.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import type { Narration } from "./narration.ts";
import { accessKeys, admit, refuseUnlessAdmin } from "./rules.ts";
import { chatOf } from "./shape.ts";
import { chats, members } from "./store.ts";

/** Changes what a group shows of itself. */
export function updateChat(
  narration: Narration,
  chatId: ChatId,
  by: UserId,
  patch: ChatPatch,
): Command<void> {
  const keys = accessKeys(chatId, by);
  return {
    scopes: [chatId],
    reads: [reads(chats, keys.chat), reads(members, keys.members)],
    prepare: narration.prepare,
    decide(state) {
      const access = admit(state, chatId, by);
      if (access instanceof Problem) return access;
      const refusal = refuseUnlessAdmin(access);
      if (refusal) return refusal;
      if (access.chat.title === patch.title) return { reply: undefined };
      return {
        fact(numbers) {
          const rev = numbers.rev(chatId);
          const chat = { ...access.chat, ...patch, rev };
          const told = narration.tell(numbers, by, {
            type: "system",
            event: "titleChanged",
            title: patch.title,
          });
          return {
            rows: [put(chats, chat), ...told.rows],
            events: [{
              chat: chatId,
              rev,
              event: { type: "chat.updated", chatId, rev, chat: chatOf(chat) },
            }, ...told.events],
            reply: undefined,
          };
        },
      };
    },
  };
}
