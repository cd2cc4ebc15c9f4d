import type { Changes } from "../changes/mod.ts";
import { hashRefreshToken, newRefreshToken } from "../crypto/refresh_tokens.ts";
import type { Database } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import { Problem } from "../protocol/problem.ts";
import {
  clearExpired,
  deviceOfUsed,
  type DeviceRow,
  rotate,
} from "./device_store.ts";
import { refreshLifetimeMs } from "./session.ts";
import { signOut } from "./sign_out.ts";
import type { AccountRow } from "./store.ts";

export interface RefreshParts {
  readonly db: Database;
  readonly changes: Changes;
  readonly clock: Clock;
}

export interface Refreshed {
  readonly account: AccountRow;
  readonly device: DeviceRow;
  readonly refreshToken: string;
}

/**
 * Spends a refresh token for the next one, in one round trip and one transaction. A token that was
 * spent before revokes its device: either the thief or the owner has brought it, and nobody can tell
 * which. Every refusal is the same `unauthenticated`.
 */
export async function refresh(
  { db, changes, clock }: RefreshParts,
  token: string,
): Promise<Refreshed> {
  const now = new Date(clock());
  const next = await newRefreshToken();
  const spent = await hashRefreshToken(token);
  const freshExpiresAt = new Date(now.getTime() + refreshLifetimeMs);
  const [[rotated], [used]] = await db.run(
    rotate({ spent, fresh: next.tokenHash, now, freshExpiresAt }),
    deviceOfUsed(spent, now),
    clearExpired(now),
  );
  if (rotated) {
    const { device, ...account } = rotated;
    return { account, device, refreshToken: next.token };
  }
  if (used) await signOut(changes, used);
  throw new Problem("unauthenticated", {
    detail: "The refresh token does not count any more",
  });
}
