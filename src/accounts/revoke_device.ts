import { type Command, reads } from "../changes/mod.ts";
import type { DeviceId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { changeDevices, findDevice, revoked } from "./device_list.ts";
import { deviceLists } from "./device_store.ts";

/**
 * Signs a device out: its refresh tokens are gone and its access tokens void once this is durable.
 * Answers `not_found` when the user has no such device, or has it no more.
 */
export const revokeDevice = (
  userId: UserId,
  deviceId: DeviceId,
): Command<null> => ({
  scopes: [userId],
  reads: [reads(deviceLists, [{ userId }])],

  decide(state) {
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
