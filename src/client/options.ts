import type { OutboxStore } from "./outbox_store.ts";
import type { Platform } from "./platform.ts";
import type { SessionStore } from "./session_store.ts";

export interface ClientOptions {
  /** Where the service is, as `https://chat.example`; a path before `/api` is kept. */
  readonly url: string | URL;
  /** What outlives the page or process: by default nothing. */
  readonly storage?: {
    readonly session?: SessionStore;
    readonly outbox?: OutboxStore;
  };
  /** Keeps the refresh token in a cookie that no script can read. For pages of the service's own site. */
  readonly cookie?: boolean;
  /** How many messages a chat keeps, beside those loaded with `older`. 500 by default. */
  readonly keepMessages?: number;
  /** Whether to tell the service what was delivered to this device. On by default. */
  readonly acknowledge?: boolean;
  /**
   * How many messages of one chat may be on their way at once. With more than the default 1, one that
   * has to be sent again may end up behind one that was sent after it.
   */
  readonly sendsPerChat?: number;
  /** Replaces parts of the surroundings, as tests do. */
  readonly platform?: Partial<Platform>;
}
