import type { Database } from "../db/database.ts";
import type { Device } from "../protocol/accounts.ts";
import { DeviceId, type UserId } from "../protocol/ids.ts";
import {
  badCursor,
  type List,
  type ListQuery,
  paged,
} from "../protocol/page.ts";
import { devicePage } from "./device_store.ts";
import { deviceOf } from "./shape.ts";

/** The devices that are signed in, in the order of their sign-in. */
export async function listDevices(
  db: Database,
  userId: UserId,
  current: DeviceId,
  { cursor, limit }: ListQuery,
): Promise<List<Device>> {
  const after = cursor === undefined ? null : readCursor(cursor);
  const [rows] = await db.run(devicePage(userId, after, limit + 1));
  return paged(
    rows.map(({ device }) => deviceOf(device, current)),
    limit,
    ({ deviceId }) => deviceId,
  );
}

function readCursor(cursor: string): DeviceId {
  const id = DeviceId.safeParse(cursor);
  if (id.success) return id.data;
  throw badCursor();
}
