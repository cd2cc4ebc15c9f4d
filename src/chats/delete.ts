import { type Command, put, reads } from "../changes/mod.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { accessKeys, admit, directIsFixed, forbidden } from "./rules.ts";
import { chats, members } from "./store.ts";

/** Ends a group or channel for everyone. Its data keys go with it, so what it held cannot be opened again. */
export function deleteChat(chatId: ChatId, by: UserId): Command<void> {
  const keys = accessKeys(chatId, by);
  return {
    scopes: [chatId],
    reads: [reads(chats, keys.chat), reads(members, keys.members)],
    decide(state) {
      const access = admit(state, chatId, by);
      if (access instanceof Problem) return access;
      if (access.chat.kind === "direct") return directIsFixed();
      if (access.member.role !== "owner") {
        return forbidden("Only the owner may delete the chat");
      }
      return {
        fact(numbers) {
          const rev = numbers.rev(chatId);
          return {
            rows: [put(chats, { ...access.chat, deletedAt: numbers.now, rev })],
            events: [{
              chat: chatId,
              rev,
              event: { type: "chat.deleted", chatId, rev },
            }],
            reply: undefined,
          };
        },
      };
    },
  };
}
