import { type Command, put, reads } from "../changes/mod.ts";
import type { DeviceId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { changeDevices, revoked, signedIn } from "./device_list.ts";
import { deviceLists } from "./device_store.ts";
import { accounts, liveAccount } from "./store.ts";

export interface NewPassword {
  readonly userId: UserId;
  /** The device that stays signed in. */
  readonly deviceId: DeviceId;
  /** The hash that the present password was checked against. */
  readonly verifiedHash: string;
  readonly nextHash: string;
}

/**
 * Sets the password and signs every other device out, those included that came while it was checked.
 * Answers `conflict` when the password was changed meanwhile.
 */
export const changePassword = (
  { userId, deviceId, verifiedHash, nextHash }: NewPassword,
): Command<null> => ({
  scopes: [userId],
  reads: [reads(accounts, [{ userId }]), reads(deviceLists, [{ userId }])],

  decide(state) {
    const account = liveAccount(state, userId);
    if (account?.passwordHash !== verifiedHash) {
      return new Problem("conflict");
    }
    const others = signedIn(state, userId).filter((device) =>
      device.deviceId !== deviceId
    );
    return {
      fact: (numbers) => {
        const { row, events } = changeDevices(
          state,
          numbers,
          userId,
          others.map((device) => revoked(device, numbers.now)),
        );
        return {
          rows: [put(accounts, { ...account, passwordHash: nextHash }), row],
          events,
          reply: null,
        };
      },
    };
  },
});
