import type { Database } from "../db/database.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { unreadOf } from "../protocol/preferences.ts";
import { Problem } from "../protocol/problem.ts";
import type { ChatHead } from "../protocol/sync.ts";
import { readCursor, type SyncCursor } from "./cursor.ts";
import { createGather, rowsOfWishes } from "./gather.ts";
import {
  accountRevs,
  type HeadRow,
  headsOf,
  type HeadsWish,
  sharedMoment,
} from "./store.ts";

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
  /** Up to which `seq` chats are hidden from the person; those without are open from the start. */
  readonly hiddenUpTo: ReadonlyMap<ChatId, number>;
}

/** The moment is after the call. Rejects with `invalid_input` for a cursor that is none. */
export type ReadHeads = (
  userId: UserId,
  cursor: string | undefined,
) => Promise<Heads>;

/** After everything there will be. */
const never = {
  oldest: "9223372036854775807",
  accountRev: Number.MAX_SAFE_INTEGER,
};

export function createReadHeads(db: Database): ReadHeads {
  const read = createGather(
    (wishes: readonly HeadsWish[]) => readTogether(db, wishes),
    ({ rows }) => rows.length,
  );

  return async (userId, cursor) => {
    const given = cursor === undefined ? undefined : readCursor(cursor);
    const { rows, moment } = await read({
      userId,
      ...(given ?? never),
    });
    if (!moment) throw new Problem("unauthenticated");
    const since = given?.epoch === moment.epoch ? given : undefined;
    const present = rows.filter(({ gone }) => !gone);
    return {
      moment,
      chats: (since ? present.filter(({ touched }) => touched) : present)
        .map(chatHeadOf),
      gone: since
        ? rows.filter(({ gone }) => gone).map(({ chatId }) => chatId)
        : [],
      since,
      revs: new Map(present.map(({ chatId, rev }) => [chatId, rev])),
      hiddenUpTo: new Map(
        present.flatMap(({ chatId, historyFrom }) =>
          historyFrom > 0 ? [[chatId, historyFrom]] : []
        ),
      ),
    };
  };
}

/** `moment` is undefined for somebody whom the database does not know. */
async function readTogether(db: Database, wishes: readonly HeadsWish[]) {
  const [[now], revs, heads] = await db.snapshot(
    sharedMoment,
    accountRevs(wishes.map(({ userId }) => userId)),
    headsOf(wishes),
  );
  const revOf = new Map(
    revs.map(({ userId, accountRev }) => [userId, accountRev]),
  );
  return rowsOfWishes(heads, wishes.length).map((rows, i) => {
    const accountRev = revOf.get(wishes[i]!.userId);
    const moment = accountRev === undefined
      ? undefined
      : { ...now!, accountRev };
    return { rows, moment };
  });
}

const chatHeadOf = (
  { chatId, role, rev, lastSeq, readSeq, deliveredSeq, preferences }: HeadRow,
): ChatHead => ({
  chatId,
  role,
  rev,
  lastSeq,
  readSeq,
  deliveredSeq,
  unread: unreadOf({
    lastSeq,
    readSeq,
    clearedSeq: preferences?.clearedSeq ?? 0,
  }),
  ...(preferences && { preferences }),
});
