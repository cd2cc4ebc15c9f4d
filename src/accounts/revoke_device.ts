import { type Command, reads } from "../changes/mod.ts";
import type { DeviceId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { changeDevices, findDevice, revoked } from "./device_list.ts";
import { deviceLists } from "./device_store.ts";

export interface Revocation {
  readonly userId: UserId;
  /** The device that asks. Of two that sign each other out at once, the later one is out. */
  readonly by: DeviceId;
  readonly deviceId: DeviceId;
}

/**
 * Signs a device out: its refresh tokens are gone and its access tokens void once this is durable.
 * Answers `not_found` when the user has no such device, or has it no more.
 */
export const revokeDevice = (
  { userId, by, deviceId }: Revocation,
): Command<null> => ({
  scopes: [userId],
  reads: [reads(deviceLists, [{ userId }])],

  decide(state) {
    if (!findDevice(state, userId, by)) return new Problem("token_revoked");
    const device = findDevice(state, userId, deviceId);
    if (!device) return new Problem("not_found");
    return {
      fact: (numbers) => {
        const { row, events } = changeDevices(state, numbers, userId, [
          revoked(device, numbers.now),
        ]);
        return { rows: [row], events, reply: null };
      },
    };
  },
});
