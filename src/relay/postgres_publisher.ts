import { closeToFit } from "./close_to_fit.ts";
import type { Envelope } from "./envelope.ts";
import { gather, type Publisher } from "./gather.ts";
import { channelOf, type Notify } from "./postgres_port.ts";

/** Postgres takes payloads of less than 8,000 bytes (its documentation, NOTIFY). */
const maxPayloadLength = 7999;

/** Notifications in one statement, which then has no more than 2 MB. */
const notificationsAtOnce = 256;

export interface PostgresPublisherParts {
  readonly notify: Notify;
  readonly envelope: Pick<Envelope, "close">;
}

/**
 * Sends announcements as notifications to the channels of their shards. What comes together goes
 * together: a transaction that notifies locks out all others that do while it commits.
 */
export function createPostgresPublisher(
  { notify, envelope }: PostgresPublisherParts,
): Publisher {
  return gather(async (byShard) => {
    const notifications = [...byShard].flatMap(([shard, announcements]) =>
      closeToFit(envelope, announcements, maxPayloadLength)
        .map((payload) => ({ channel: channelOf(shard), payload }))
    );
    for (let i = 0; i < notifications.length; i += notificationsAtOnce) {
      await notify(notifications.slice(i, i + notificationsAtOnce));
    }
  });
}
