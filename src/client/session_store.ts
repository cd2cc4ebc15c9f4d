import type { Me } from "../protocol/accounts.ts";
import type { DeviceId } from "../protocol/ids.ts";

/** What has to be kept so that a device stays signed in. It holds credentials: store it accordingly. */
export interface StoredSession {
  readonly user: Me;
  readonly deviceId: DeviceId;
  readonly accessToken: string;
  /** Absent when a cookie that no script can read holds it. */
  readonly refreshToken?: string;
  /** When to ask for the next token, and when this one runs out; both by the clock of this machine. */
  readonly renewAt: number;
  readonly expiresAt: number;
}

/**
 * Keeps the session of one device. Tabs that share a store share the session: whoever renews it
 * first saves it, and the others find it there.
 */
export interface SessionStore {
  load(): Promise<StoredSession | undefined>;
  /** Resolves once the session would survive a crash: the token before it is used up already. */
  save(session: StoredSession): Promise<void>;
  clear(): Promise<void>;
}

/** Keeps the session as long as the page or process lives. */
export function memorySessionStore(): SessionStore {
  let kept: StoredSession | undefined;
  return {
    load: () => Promise.resolve(kept),
    save(session) {
      kept = session;
      return Promise.resolve();
    },
    clear() {
      kept = undefined;
      return Promise.resolve();
    },
  };
}
