import type { Caller } from "../http/env.ts";
import { type Heads, type Inbox, writeCursor } from "../inbox/mod.ts";
import type { User } from "../protocol/accounts.ts";
import { closeCodes, type HelloFrame } from "../protocol/frames.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { limits } from "../protocol/limits.ts";
import type { Welcome } from "../protocol/sync.ts";
import type { Connection } from "./connection.ts";
import type { Hub } from "./hub.ts";
import type { Shares } from "./shares.ts";

export interface AttachParts {
  readonly hub: Pick<
    Hub,
    "enter" | "exit" | "know" | "check" | "isIn" | "leave"
  >;
  readonly inbox: Pick<Inbox, "chatIds" | "readHeads">;
  authenticate(token: string): Promise<Caller>;
  readUser(caller: Caller): Promise<User>;
  /** Whether the person hides from anybody what she has read. */
  hidesReads(userId: UserId): Promise<boolean>;
  readonly heartbeatMs: number;
  readonly shares: Pick<Shares, "join">;
}

/**
 * The cut-over from what is stored to what happens, without a gap: listen and hold back, take the
 * snapshot, answer, then pass on what was held back and is newer than the snapshot. Rejects with a
 * 401 problem for a token that does not count, and with `invalid_input` for a cursor that is none.
 * Closes the connection, unanswered, where the account has as many as it may have.
 */
export async function attach(
  parts: AttachParts,
  connection: Connection,
  { token, cursor }: HelloFrame,
  answer: (welcome: Welcome) => void,
): Promise<void> {
  const { hub, authenticate, readUser, heartbeatMs, shares } = parts;
  const caller = await authenticate(token);
  // Among thousands who come back at once many have given up by now: the others come first.
  if (connection.isClosed) return;
  const share = shares.join(caller.userId);
  if (!share) {
    return connection.close(
      closeCodes.flooding,
      "The account has too many connections",
    );
  }
  connection.share = share;
  connection.identify(caller);
  let entering: ReturnType<typeof enterChats> | undefined;
  let isAttached = false;
  try {
    // The account first: from here on it tells of chats that come and go, and of a sign-out.
    await hub.enter(connection, [caller.userId]);
    entering = enterChats(parts, connection, cursor);
    const [heads, user] = await Promise.all([
      entering,
      readUser(caller),
      // Again: a sign-out between the first look and the entering was not heard.
      authenticate(token),
    ]);
    answer(welcome(caller, user, heads, heartbeatMs));
    const { accountRev } = heads.moment;
    const revs = new Map<string, number>([
      ...heads.revs,
      [caller.userId, accountRev],
    ]);
    for (const [scopeId, rev] of revs) {
      const hiddenUpTo = heads.hiddenUpTo.get(scopeId as ChatId);
      hub.know(connection, scopeId, rev, hiddenUpTo);
    }
    // What was heard in a chat that is lost by now is not this person's any more.
    connection.flow(
      revs,
      (scopeId) =>
        scopeId === caller.userId || hub.isIn(connection, scopeId as ChatId),
    );
    hub.check(heads.late);
    isAttached = true;
  } finally {
    // Where something else failed it goes on entering, and a socket that closed meanwhile has left
    // before it had entered everything.
    await Promise.allSettled([entering]);
    if (!isAttached || connection.isClosed) hub.leave(connection);
  }
}

function welcome(
  { deviceId }: Caller,
  user: User,
  { moment, chats, gone }: Heads,
  heartbeatMs: number,
): Welcome {
  const { frameBytes, textLength, watchedUsers } = limits;
  return {
    user,
    deviceId,
    heartbeatMs,
    limits: { frameBytes, textLength, watchedUsers },
    epoch: moment.epoch,
    accountRev: moment.accountRev,
    chats,
    gone,
    cursor: writeCursor(moment),
  };
}

/**
 * Enters the caller's chats, and answers with a snapshot taken after: those of it are all entered,
 * and no others.
 */
async function enterChats(
  { hub, inbox, hidesReads }: AttachParts,
  connection: Connection,
  cursor: string | undefined,
): Promise<Heads & { readonly late: readonly ChatId[] }> {
  const [chatIds, hides] = await Promise.all([
    inbox.chatIds(connection.userId),
    hidesReads(connection.userId),
  ]);
  // What the account has told meanwhile is newer.
  connection.hidesReads ??= hides;
  await hub.enter(connection, chatIds);
  const heads = await inbox.readHeads(connection.userId, cursor);
  // A chat lost in between was entered too late to hear of the loss.
  hub.exit(connection, chatIds.filter((chatId) => !heads.revs.has(chatId)));
  // One that came in between was not listened to while the snapshot was taken.
  const early = new Set(chatIds);
  const late = [...heads.revs.keys()].filter((chatId) => !early.has(chatId));
  await hub.enter(connection, late);
  return { ...heads, late };
}
