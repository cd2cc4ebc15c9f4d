import type { AccessTokens } from "../crypto/access_tokens.ts";
import { newRefreshToken } from "../crypto/refresh_tokens.ts";
import type { Clock } from "../lib/clock.ts";
import type { DeviceInput, Session } from "../protocol/accounts.ts";
import type { DeviceId, UserId } from "../protocol/ids.ts";
import type { DeviceRow, RefreshTokenRow } from "./device_store.ts";
import { deviceOf, meOf } from "./shape.ts";
import type { AccountRow } from "./store.ts";

/** A session whose refresh token still has to find its way to the client: in the body or in a cookie. */
export type Grant = Session & { readonly refreshToken: string };

/** How long an unused refresh token lives; each rotation starts anew. */
export const refreshLifetimeMs = 60 * 24 * 60 * 60_000;

/** A sign-in before it is numbered and stored. */
export interface SignIn {
  readonly device: Omit<DeviceRow, "userId" | "accountRev">;
  readonly refreshToken: string;
  readonly tokenRow: RefreshTokenRow;
}

export interface SignInParts {
  readonly clock: Clock;
  newId(): string;
}

/** A new device with its first refresh token. */
export async function newSignIn(
  { clock, newId }: SignInParts,
  { name, platform }: DeviceInput = { name: "Unnamed", platform: "unknown" },
): Promise<SignIn> {
  const now = new Date(clock());
  const deviceId = newId() as DeviceId;
  const { token, tokenHash } = await newRefreshToken();
  return {
    device: {
      deviceId,
      name,
      platform,
      createdAt: now.toISOString(),
      lastUsedAt: now.toISOString(),
      revokedAt: null,
    },
    refreshToken: token,
    tokenRow: {
      tokenHash,
      deviceId,
      issuedAt: now,
      expiresAt: new Date(now.getTime() + refreshLifetimeMs),
    },
  };
}

/** Issues the access token of a stored sign-in. */
export async function grant(
  accessTokens: Pick<AccessTokens, "issue">,
  account: AccountRow,
  device: DeviceRow,
  refreshToken: string,
): Promise<Grant> {
  const { accessToken, expiresAt } = await accessTokens.issue(
    account.userId as UserId,
    device.deviceId,
  );
  return {
    user: meOf(account),
    device: deviceOf(device, device.deviceId),
    accessToken,
    accessTokenExpiresAt: expiresAt.toISOString(),
    refreshToken,
  };
}
