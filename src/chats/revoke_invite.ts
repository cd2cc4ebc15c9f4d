import { type Command, put, reads } from "../changes/mod.ts";
import type { UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { type InviteKey, invites } from "./invite_store.ts";
import { admitWithRight } from "./rights.ts";
import { accessKeys } from "./rules.ts";
import { chats, members } from "./store.ts";

/** Takes an invitation back: from now on its code opens nothing. Who waits by it goes on waiting. */
export function revokeInvite(key: InviteKey, by: UserId): Command<void> {
  const keys = accessKeys(key.chatId, by);
  return {
    scopes: [key.chatId],
    reads: [
      reads(chats, keys.chat),
      reads(members, keys.members),
      reads(invites, [key]),
    ],
    decide(state) {
      const access = admitWithRight(state, key.chatId, by, "inviteMembers");
      if (access instanceof Problem) return access;
      const invite = state.get(invites, key);
      if (!invite || invite.isRevoked) return new Problem("not_found");
      return {
        fact: () => ({
          rows: [put(invites, { ...invite, isRevoked: true })],
          events: [],
          reply: undefined,
        }),
      };
    },
  };
}
