import type { Database } from "./database.ts";
import { sql, table } from "./sql.ts";

/** A payload for everyone who listens on the channel. */
export interface Notification {
  /** At most 63 bytes. */
  readonly channel: string;
  /** At most `maxPayloadBytes`. Two alike on one channel may arrive as one, if they go together. */
  readonly payload: string;
}

/** What Postgres takes at most: below 8,000 bytes (its documentation, NOTIFY). */
export const maxPayloadBytes = 7999;

/** A way to send notifications through the database, in one round trip and in order, or none of them. */
export function createNotify(
  db: Pick<Database, "run">,
): (notifications: readonly Notification[]) => Promise<void> {
  return async (notifications) => {
    if (notifications.length === 0) return;
    await db.run(
      // A notification is gone with the server anyway: nobody needs to wait until the disk has it.
      sql`set local synchronous_commit = off`,
      sql`select pg_notify(channel, payload) from ${
        table(notifications, { channel: "text", payload: "text" })
      } as n (channel, payload)`,
    );
  };
}
