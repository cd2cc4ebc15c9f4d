import { type Command, put, reads } from "../changes/mod.ts";
import type { UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { changeDevices, revoked, signedIn } from "./device_list.ts";
import { deviceLists, refreshTokens } from "./device_store.ts";
import type { SignedIn } from "./register.ts";
import type { SignIn } from "./session.ts";
import { accounts, liveAccount } from "./store.ts";

/** Devices of one account at most; the next one signs out the one that was used the longest ago. */
const maxDevices = 100;

export interface Login {
  readonly userId: UserId;
  /** The hash that the password was checked against. */
  readonly verifiedHash: string;
  /** The same password hashed with today's parameters, where the stored hash has others. */
  readonly renewedHash?: string | undefined;
  readonly signIn: SignIn;
}

/** Adds a device. Answers `conflict` when the password hash was changed after it was checked. */
export function login(wish: Login): Command<SignedIn> {
  const { userId, verifiedHash, renewedHash, signIn } = wish;
  return {
    scopes: [userId],
    reads: [reads(accounts, [{ userId }]), reads(deviceLists, [{ userId }])],

    decide(state) {
      const account = liveAccount(state, userId);
      if (account?.passwordHash !== verifiedHash) {
        return new Problem("conflict");
      }
      const present = signedIn(state, userId);
      const surplus = present.slice(
        0,
        Math.max(0, present.length + 1 - maxDevices),
      );
      return {
        fact: (numbers) => {
          const { row, events, devices } = changeDevices(
            state,
            numbers,
            userId,
            [
              ...surplus.map((device) => revoked(device, numbers.now)),
              { ...signIn.device, userId },
            ],
          );
          return {
            rows: [
              row,
              put(refreshTokens, signIn.tokenRow),
              ...(renewedHash === undefined
                ? []
                : [put(accounts, { ...account, passwordHash: renewedHash })]),
            ],
            events,
            reply: { account, device: devices.at(-1)! },
          };
        },
      };
    },
  };
}
