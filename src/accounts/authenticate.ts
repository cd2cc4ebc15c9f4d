import type { AccessTokens } from "../crypto/access_tokens.ts";
import type { Database } from "../db/database.ts";
import type { Caller } from "../http/env.ts";
import type { Clock } from "../lib/clock.ts";
import { Problem } from "../protocol/problem.ts";
import { deviceStatus, touchDevice } from "./device_store.ts";

export interface AuthenticateParts {
  readonly db: Database;
  readonly accessTokens: Pick<AccessTokens, "verify">;
  readonly clock: Clock;
}

/** `lastUsedAt` of a device lags behind by at most this, and a busy device costs a write a minute. */
const touchedEveryMs = 60_000;

/**
 * The caller behind an access token. Asks the database each time, so that a device is out from the
 * moment its revocation is durable, on every isolate. Rejects with `unauthenticated`,
 * `token_expired` or `token_revoked`.
 */
export async function authenticate(
  { db, accessTokens, clock }: AuthenticateParts,
  token: string,
): Promise<Caller> {
  const { userId, deviceId, expiresAt } = await accessTokens.verify(token);
  const [[device]] = await db.run(deviceStatus(deviceId));
  if (device?.userId !== userId || device.isRevoked) {
    throw new Problem("token_revoked");
  }
  const now = clock();
  if (device.lastUsedAt.getTime() <= now - touchedEveryMs) {
    await db.run(touchDevice(deviceId, new Date(now)));
  }
  return { userId, deviceId, expiresAt };
}
