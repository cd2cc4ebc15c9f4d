import type { DeviceId, UserId } from "../protocol/ids.ts";

/** Who a request comes from, once its access token has been checked. */
export interface Caller {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  /** When the access token runs out. */
  readonly expiresAt: Date;
}

/** What every request carries through the middleware. */
export interface HttpEnv {
  /** What the server knows of the connection; a `Deno.ServeHandlerInfo` fits. */
  Bindings: { remoteAddr?: { hostname?: string } };
  Variables: { requestId: string; clientIp: string };
}

/** The same behind `bearer`. */
export interface CallerEnv {
  Bindings: HttpEnv["Bindings"];
  Variables: HttpEnv["Variables"] & { caller: Caller };
}
