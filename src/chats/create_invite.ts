import { type Command, put, reads } from "../changes/mod.ts";
import type { Sealed } from "../crypto/sealer.ts";
import type { ChatId, InviteId, UserId } from "../protocol/ids.ts";
import { limits } from "../protocol/limits.ts";
import { Problem } from "../protocol/problem.ts";
import { inviteCounts, type InviteRow, invites } from "./invite_store.ts";
import { admitWithRight } from "./rights.ts";
import { accessKeys } from "./rules.ts";
import { chats, members } from "./store.ts";

export interface NewInvite {
  readonly chatId: ChatId;
  readonly inviteId: InviteId;
  readonly by: UserId;
  readonly codeHash: Uint8Array;
  readonly expiresAt: Date | null;
  readonly maxUses: number | null;
  readonly needsApproval: boolean;
}

export interface MadeInvite {
  readonly row: InviteRow;
  readonly duplicate: boolean;
}

/** Makes a link into a group or channel. Repeated with the same id, it answers with the first one. */
export function createInvite(
  { by, ...wish }: NewInvite,
  seal: () => Promise<Sealed>,
): Command<MadeInvite> {
  const { chatId } = wish;
  const keys = accessKeys(chatId, by);
  let sealed: Sealed;
  return {
    scopes: [chatId],
    reads: [
      reads(chats, keys.chat),
      reads(members, keys.members),
      reads(invites, [wish]),
      reads(inviteCounts, [{ chatId }]),
    ],
    prepare: async () => {
      sealed = await seal();
    },
    decide(state) {
      const access = admitWithRight(state, chatId, by, "inviteMembers");
      if (access instanceof Problem) return access;
      const known = state.get(invites, wish);
      if (known && !known.isRevoked) {
        return known.createdBy === by
          ? { reply: { row: known, duplicate: true } }
          : new Problem("id_taken", {
            detail: "The inviteId is already in use",
          });
      }
      const { count } = state.get(inviteCounts, { chatId }) ?? { count: 0 };
      if (count >= limits.invitesPerChat) {
        return new Problem("conflict", {
          detail: `A chat has at most ${limits.invitesPerChat} invitations`,
        });
      }
      return {
        fact(numbers) {
          const row: InviteRow = {
            ...wish,
            keyVersion: sealed.keyVersion,
            sealedCode: sealed.sealed,
            createdBy: by,
            createdAt: numbers.now,
            uses: 0,
            isRevoked: false,
          };
          return {
            rows: [
              put(invites, row),
              put(inviteCounts, { chatId, count: count + 1 }),
            ],
            events: [],
            reply: { row, duplicate: false },
          };
        },
      };
    },
  };
}
