import { type Command, reads } from "../changes/mod.ts";
import type { DeviceId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { changeDevices, findDevice } from "./device_list.ts";
import { deviceLists, type DeviceRow } from "./device_store.ts";

export const renameDevice = (
  userId: UserId,
  deviceId: DeviceId,
  name: string,
): Command<DeviceRow> => ({
  scopes: [userId],
  reads: [reads(deviceLists, [{ userId }])],

  decide(state) {
    const device = findDevice(state, userId, deviceId);
    if (!device) return new Problem("not_found");
    if (device.name === name) return { reply: device };
    return {
      fact: (numbers) => {
        const { row, events, devices } = changeDevices(state, numbers, userId, [
          { ...device, name },
        ]);
        return { rows: [row], events, reply: devices[0]! };
      },
    };
  },
});
