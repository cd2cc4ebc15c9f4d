import type { AccessTokens } from "../crypto/access_tokens.ts";
import type { Database } from "../db/database.ts";
import type { Caller } from "../http/env.ts";
import { createBatcher } from "../lib/batcher.ts";
import type { Clock } from "../lib/clock.ts";
import type { DeviceId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import {
  deviceStatuses,
  type DeviceStatusRow,
  touchDevices,
} from "./device_store.ts";

export interface AuthenticateParts {
  readonly db: Database;
  readonly accessTokens: Pick<AccessTokens, "verify">;
  readonly clock: Clock;
}

/** Rejects with `unauthenticated`, `token_expired` or `token_revoked`. */
export type Authenticate = (token: string) => Promise<Caller>;

/** `lastUsedAt` of a device lags behind by at most this, and a busy device costs a write a minute. */
const touchedEveryMs = 60_000;

const gathering = {
  batchSize: 200,
  waiting: 20_000,
  refuse: () => new Problem("unavailable", { retryAfterMs: 1000 }),
};

/**
 * Finds the caller behind an access token. Asks the database each time, so that a device is out from
 * the moment its revocation is durable, on every isolate. Those who come at the same time are asked
 * for together, in a statement that begins after all of them came.
 */
export function createAuthenticate(
  { db, accessTokens, clock }: AuthenticateParts,
): Authenticate {
  const statusOf = createBatcher<DeviceId, DeviceStatusRow | undefined>(
    async (deviceIds) => {
      const [rows] = await db.run(deviceStatuses(deviceIds));
      const byId = new Map(rows.map((row) => [row.deviceId, row]));
      return deviceIds.map((deviceId) => byId.get(deviceId));
    },
    gathering,
  );
  const touch = createBatcher<DeviceId, void>(async (deviceIds) => {
    await db.run(touchDevices(deviceIds, new Date(clock())));
    return deviceIds.map(() => {});
  }, gathering);

  return async (token) => {
    const { userId, deviceId, expiresAt } = await accessTokens.verify(token);
    const device = await statusOf(deviceId);
    if (device?.userId !== userId || device.isRevoked) {
      throw new Problem("token_revoked");
    }
    if (device.lastUsedAt.getTime() <= clock() - touchedEveryMs) {
      await touch(deviceId);
    }
    return { userId, deviceId, expiresAt };
  };
}
