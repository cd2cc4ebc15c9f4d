import type { Account } from "./client.ts";

/** A chat that clients act in. */
export interface ChaosChat {
  readonly chatId: string;
  readonly name: string;
  /** Those who are in it or may come in. The first one stays throughout, and hides nothing. */
  readonly cast: readonly Account[];
  /** Those that somebody has begun to send, whether or not they arrived. */
  readonly messageIds: string[];
  /** Where it stood before anybody acted in it. */
  readonly startRev: number;
}
