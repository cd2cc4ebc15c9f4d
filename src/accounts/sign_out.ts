import type { Changes } from "../changes/mod.ts";
import type { DeviceId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import { revokeDevice } from "./revoke_device.ts";

/** Signs a device out, unless somebody was faster: it is out in the end. */
export async function signOut(
  changes: Changes,
  { userId, deviceId }: {
    readonly userId: UserId;
    readonly deviceId: DeviceId;
  },
): Promise<void> {
  try {
    await changes.submit(revokeDevice({ userId, by: deviceId, deviceId }));
  } catch (error) {
    const isOut = error instanceof Problem && error.code === "token_revoked";
    if (!isOut) throw error;
  }
}
