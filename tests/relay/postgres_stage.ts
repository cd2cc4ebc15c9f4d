import { openDatabase } from "../../src/db/database.ts";
import { openNotifications } from "../../src/db/notifications.ts";
import { createNotify } from "../../src/db/notify.ts";
import {
  createPostgresRelay,
  type PostgresRelayOptions,
} from "../../src/relay/postgres.ts";
import type { OpenEar } from "../../src/relay/postgres_port.ts";
import { testEnvelope } from "./listener.ts";

/** What all relays of a stage seal with, where nothing else is said. */
export const envelope = testEnvelope();
/** As the composition root has it. */
export function earAt(
  url: string,
  heartbeatMs = 10_000,
  answerMs = 5000,
): OpenEar {
  return (events, signal) =>
    openNotifications({ url, ...events, signal, heartbeatMs, answerMs });
}

/** Relays over the database at `url`, closed in order. */
export async function openStage(url: string) {
  await using cleanup = new AsyncDisposableStack();
  const database = cleanup.use(
    openDatabase({ url, connections: 4, queryMs: 5000 }),
  );
  const notify = createNotify(database);
  const stack = cleanup.move();
  return {
    database,
    notify,
    relay: (options: Partial<PostgresRelayOptions> = {}) =>
      stack.use(
        createPostgresRelay({
          openEar: earAt(url),
          notify,
          envelope,
          onFailure: reportError,
          ...options,
        }),
      ),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
