/**
 * A process with people on it, until somebody ends it: says `here` once they are online, and asks
 * nobody before it goes.
 *
 *   presence_process.ts <databaseUrl> <leaseMs> <renewMs> <userId>...
 */
import { openDatabase } from "../../src/db/database.ts";
import type { UserId } from "../../src/protocol/ids.ts";
import { testPresence, watcher } from "./watchers.ts";

const [url, leaseMs, renewMs, ...userIds] = Deno.args;
const db = openDatabase({ url: url!, connections: 2, queryMs: 10_000 });
const presence = testPresence(db, {
  leaseMs: Number(leaseMs),
  renewMs: Number(renewMs),
});
for (const userId of userIds) {
  presence.arrive(watcher({ userId: userId as UserId }));
}
await presence.settled();
console.log("here");
