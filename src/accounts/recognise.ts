import type { AccessTokens } from "../crypto/access_tokens.ts";
import type { Authenticate } from "./authenticate.ts";
import type { KnownDevices } from "./known_devices.ts";

export interface RecogniseParts {
  readonly accessTokens: Pick<AccessTokens, "verify">;
  readonly authenticate: Authenticate;
  readonly devices: KnownDevices;
}

/**
 * `authenticate` for reads, which come in crowds: a device that was signed in a moment ago is taken
 * for signed in. Not for what lasts longer than a read: a connection let in by it would stay.
 */
export const createRecognise =
  ({ accessTokens, authenticate, devices }: RecogniseParts): Authenticate =>
  async (token) => {
    const { userId, deviceId, expiresAt } = await accessTokens.verify(token);
    if (devices.has(userId, deviceId)) return { userId, deviceId, expiresAt };
    using look = devices.look(userId);
    const caller = await authenticate(token);
    look.found(deviceId);
    return caller;
  };
