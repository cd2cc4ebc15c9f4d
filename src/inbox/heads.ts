import type { Database } from "../db/database.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import type { ChatHead } from "../protocol/sync.ts";
import { readCursor, type SyncCursor } from "./cursor.ts";
import { type HeadRow, headsSince, moment, presentHeads } from "./store.ts";

/** Where all of a person's chats stand at one moment. */
export interface Heads {
  /** Where to go on from. */
  readonly moment: SyncCursor;
  /** All present chats; with a cursor of this history, those that changed since. */
  readonly chats: ChatHead[];
  /** With a cursor: chats that are no longer the person's. */
  readonly gone: ChatId[];
  /** The cursor that was given, where it belongs to this history. */
  readonly since: SyncCursor | undefined;
  /** The present `rev` of every present chat, whatever the cursor. */
  readonly revs: ReadonlyMap<ChatId, number>;
}

/** After everything there will be. */
const never = {
  oldest: "9223372036854775807",
  accountRev: Number.MAX_SAFE_INTEGER,
};

export async function readHeads(
  db: Database,
  userId: UserId,
  cursor: string | undefined,
): Promise<Heads> {
  const given = cursor === undefined ? undefined : readCursor(cursor);
  const [[now], present, touched] = await db.snapshot(
    moment(userId),
    presentHeads(userId),
    headsSince(userId, given ?? never),
  );
  if (!now) throw new Problem("unauthenticated");
  const since = given?.epoch === now.epoch ? given : undefined;
  const changed = since ? touched : present;
  return {
    moment: now,
    chats: changed.filter(({ gone }) => !gone).map(chatHeadOf),
    gone: changed.filter(({ gone }) => gone).map(({ chatId }) => chatId),
    since,
    revs: new Map(present.map(({ chatId, rev }) => [chatId, rev])),
  };
}

const chatHeadOf = (
  { chatId, rev, lastSeq, readSeq, deliveredSeq }: HeadRow,
): ChatHead => ({
  chatId,
  rev,
  lastSeq,
  readSeq,
  deliveredSeq,
  unread: lastSeq - readSeq,
});
