import type { Device, Me, User } from "../protocol/accounts.ts";
import type { DeviceId } from "../protocol/ids.ts";
import type { DeviceRow } from "./device_store.ts";
import { privacyOf } from "./privacy.ts";
import type { AccountRow, UserRow } from "./store.ts";

/** A profile as other people see it. */
export const userOf = (
  { userId, username, displayName, about }: UserRow,
): User => ({ userId, username, displayName, about });

/** The account as its owner sees it. */
export const meOf = (row: AccountRow): Me => ({
  ...userOf(row),
  username: row.username,
  email: row.email,
  createdAt: row.createdAt.toISOString(),
  privacy: privacyOf(row.privacy),
  accountRev: row.accountRev,
});

/** A device as an event carries it: the same for every receiver, so without `current`. */
export const broadcastDeviceOf = (
  { deviceId, name, platform, createdAt, lastUsedAt, revokedAt }: DeviceRow,
): Omit<Device, "current"> => ({
  deviceId,
  name,
  platform,
  createdAt,
  lastUsedAt,
  revokedAt,
});

/** A device as the owner sees it from the device `current`. */
export const deviceOf = (row: DeviceRow, current: DeviceId): Device => ({
  ...broadcastDeviceOf(row),
  current: row.deviceId === current,
});
