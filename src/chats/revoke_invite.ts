import { type Command, put, reads } from "../changes/mod.ts";
import type { UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { type InviteKey, invites } from "./invite_store.ts";
import { refuseUnlessRight } from "./rights.ts";
import { accessKeys, admit } from "./rules.ts";
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
      const access = admit(state, key.chatId, by);
      if (access instanceof Problem) return access;
      const refusal = refuseUnlessRight(access, "inviteMembers");
      if (refusal) return refusal;
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
