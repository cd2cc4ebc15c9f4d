/**
 * The spine: every change that takes a `rev` goes this way, and only this way.
 *
 * 1. A door (`gateway/receive.ts` for frames, a `routes.ts`) has checked size, rate and schema.
 * 2. The capability (for a send: `messages/send.ts`) builds a `Command`: the scopes to lock, the rows
 *    to look at, and a pure `decide` (`messages/new_message.ts`). It submits it here.
 * 3. `lane.ts`: the command waits while the batch before it is in flight, then joins the next.
 *    `lanes.ts` keeps two such lanes; a chat is always in the same one.
 * 4. `commit.ts`: one transaction locks the heads of all scopes in id order and loads the named rows.
 * 5. `decide(state)`, in the capability's file, answers under the lock: **authorised** here. A fact
 *    then takes its `rev` and `seq` from the locked head: **numbered** here. The next command of the
 *    batch sees its rows.
 * 6. The rows and heads are written with COMMIT: **stored** here.
 * 7. `announce.ts`: the events go to this isolate's hub at once, and to the relay (`relay/<driver>.ts`,
 *    which `open_relay.ts` chose). On other isolates `gateway/interest.ts` gets them, where it is
 *    subscribed to the scope's shard, and hands them to the hub there: **fanned out** by
 *    `gateway/hub.ts`, through `connection.ts` and `outbox.ts`. Only then the caller has its reply.
 * 8. Whoever missed one catches up by `rev`: `read.ts` pages through what changed since, `sweep.ts`
 *    finds what no announcement told.
 *
 * It knows chats and accounts only as scopes with counters, and rows only through `Table`.
 *
 * @module
 */
import type { Database } from "../db/database.ts";
import type { Announce } from "./announce.ts";
import { commitBatch } from "./commit.ts";
import type { Lane, LaneLimits } from "./lane.ts";
import { createLanes } from "./lanes.ts";
export { lanesAtOnce } from "./lanes.ts";

export * from "./command.ts";
export { type Announce, createAnnounce } from "./announce.ts";
export { type Lane } from "./lane.ts";
export { retryStale, Stale } from "./retry_stale.ts";
export { readSince, type Source } from "./read.ts";
export {
  startSweep,
  type Sweep,
  type SweepSource,
  type SweptHead,
} from "./sweep.ts";
export { unseenFrom } from "./unseen.ts";

export interface ChangesParts {
  readonly db: Database;
  readonly announce: Announce;
  /** The present time, for the rows. */
  now(): Date;
  readonly limits?: LaneLimits;
}

/** Builds the lanes over the database. */
export function createChanges(
  { db, announce, now, limits }: ChangesParts,
): Lane {
  return createLanes({
    commit: (commands) => commitBatch(db, commands, now()),
    announce,
    now: () => performance.now(),
    ...(limits === undefined ? {} : { limits }),
  });
}
