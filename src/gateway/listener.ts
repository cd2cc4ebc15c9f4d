import type { DeviceId, UserId } from "../protocol/ids.ts";

/** A connection, as the hub sees it. */
export interface Listener {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  /** Whether the person hides from anybody what she has read, as far as is known. */
  hidesReads?: boolean;
  /** Takes an encoded event of a scope; `rev` is absent for what takes none. */
  deliver(scopeId: string, rev: number | undefined, frame: string): void;
  /** The device was signed out: nothing may follow. */
  revoke(): void;
}
