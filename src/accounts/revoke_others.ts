import { type Command, reads } from "../changes/mod.ts";
import type { DeviceId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { changeDevices, findDevice, revoked, signedIn } from "./device_list.ts";
import { deviceLists } from "./device_store.ts";

/**
 * Signs every device out but the one that asks. Of two that ask at once the first stays: the other
 * is out by then, and answers `token_revoked`.
 */
export const revokeOthers = (
  userId: UserId,
  by: DeviceId,
): Command<null> => ({
  scopes: [userId],
  reads: [reads(deviceLists, [{ userId }])],

  decide(state) {
    if (!findDevice(state, userId, by)) return new Problem("token_revoked");
    const others = signedIn(state, userId)
      .filter(({ deviceId }) => deviceId !== by);
    if (others.length === 0) return { reply: null };
    return {
      fact: (numbers) => {
        const { row, events } = changeDevices(
          state,
          numbers,
          userId,
          others.map((device) => revoked(device, numbers.now)),
        );
        return { rows: [row], events, reply: null };
      },
    };
  },
});
