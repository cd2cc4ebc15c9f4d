import { type Command, put, reads } from "../changes/mod.ts";
import type { UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { changeDevices, revoked, signedIn } from "./device_list.ts";
import { deviceLists } from "./device_store.ts";
import { eraseLeaseMs } from "./erase.ts";
import { orphanUsernames } from "./hold_username.ts";
import {
  accounts,
  emails,
  liveAccount,
  privacies,
  type StoredAccount,
  users,
} from "./store.ts";
import { heldNames } from "./username_store.ts";

export interface Deletion {
  readonly userId: UserId;
  /** The hash that the password was checked against. */
  readonly verifiedHash: string;
}

/** What others see in place of somebody who deleted the account. */
export const placeholder = {
  username: null,
  displayName: "Deleted account",
  about: "",
} as const;

/**
 * Ends an account, in one step: nobody can sign in to it or find it, its devices are out, what it told
 * of its owner is gone, and its names are held back. What other tables hold is erased after, by
 * `erase.ts`. Repeated, it changes nothing. Answers `conflict` when the password hash was changed after
 * it was checked.
 */
export const deleteAccount = (
  { userId, verifiedHash }: Deletion,
): Command<null> => ({
  scopes: [userId],
  reads: [
    reads(accounts, [{ userId }]),
    reads(deviceLists, [{ userId }]),
    reads(heldNames, [{ userId }]),
  ],

  decide(state) {
    const account = liveAccount(state, userId);
    if (!account) return { reply: null };
    if (account.passwordHash !== verifiedHash) return new Problem("conflict");
    return {
      fact: (numbers) => {
        const { now } = numbers;
        const { row, events, devices } = changeDevices(
          state,
          numbers,
          userId,
          signedIn(state, userId).map((device) => revoked(device, now)),
        );
        const emptied: StoredAccount = {
          ...account,
          ...placeholder,
          email: null,
          passwordHash: "",
          privacy: {},
          deletedAt: now,
          eraseAfter: new Date(now.getTime() + eraseLeaseMs),
          // No number of its own: nobody is left to hear of it.
          accountRev: devices.at(-1)?.accountRev ?? numbers.rev(userId),
        };
        return {
          rows: [
            row,
            put(accounts, emptied),
            put(users, emptied),
            put(privacies, emptied),
            ...orphanUsernames(state, userId, account.username, now),
            ...(account.email === null
              ? []
              : [put(emails, { name: account.email, userId: null })]),
          ],
          events,
          reply: null,
        };
      },
    };
  },
});
