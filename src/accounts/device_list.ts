import {
  type Announced,
  type Numbers,
  type Put,
  put,
  type State,
} from "../changes/mod.ts";
import type { DeviceId, UserId } from "../protocol/ids.ts";
import {
  type DeviceList,
  deviceLists,
  type DeviceRow,
} from "./device_store.ts";
import { broadcastDeviceOf } from "./shape.ts";

/** The devices of a user that are signed in, the least recently used first. */
export function signedIn(state: State, userId: UserId): DeviceRow[] {
  const { devices } = listOf(state, userId);
  return devices.filter(({ revokedAt }) => revokedAt === null);
}

export const findDevice = (
  state: State,
  userId: UserId,
  deviceId: DeviceId,
): DeviceRow | undefined =>
  signedIn(state, userId).find((device) => device.deviceId === deviceId);

/** New and changed devices with a number each, and the events that tell of them. */
export interface DeviceChanges {
  readonly row: Put;
  readonly events: readonly Announced[];
  /** As numbered. */
  readonly devices: readonly DeviceRow[];
}

/** Takes one `rev` of the account for each device. */
export function changeDevices(
  state: State,
  numbers: Numbers,
  userId: UserId,
  changed: readonly Omit<DeviceRow, "accountRev">[],
): DeviceChanges {
  const devices = changed.map((device): DeviceRow => ({
    ...device,
    accountRev: numbers.rev(userId),
  }));
  return {
    row: put(deviceLists, merged(listOf(state, userId), devices)),
    events: devices.map((device) => ({
      account: userId,
      rev: device.accountRev,
      event: {
        type: "device.updated",
        accountRev: device.accountRev,
        device: broadcastDeviceOf(device),
      },
    })),
    devices,
  };
}

/** The device with its refresh tokens gone and its access tokens void. */
export const revoked = (device: DeviceRow, now: Date): DeviceRow => ({
  ...device,
  revokedAt: now.toISOString(),
});

const listOf = (state: State, userId: UserId): DeviceList =>
  state.get(deviceLists, { userId }) ?? { userId, devices: [], changed: [] };

function merged(list: DeviceList, devices: readonly DeviceRow[]): DeviceList {
  const ids = devices.map(({ deviceId }) => deviceId);
  const others = list.devices.filter(({ deviceId }) => !ids.includes(deviceId));
  return {
    userId: list.userId,
    devices: [...others, ...devices],
    changed: [...new Set([...list.changed, ...ids])],
  };
}
