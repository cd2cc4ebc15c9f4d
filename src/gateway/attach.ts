import type { Caller } from "../http/env.ts";
import { type Heads, type Inbox, writeCursor } from "../inbox/mod.ts";
import type { User } from "../protocol/accounts.ts";
import { limits } from "../protocol/limits.ts";
import type { Welcome } from "../protocol/sync.ts";
import type { Connection } from "./connection.ts";
import type { Hub } from "./hub.ts";

export interface AttachParts {
  readonly hub: Pick<Hub, "enter" | "exit" | "know">;
  readonly inbox: Pick<Inbox, "chatIds" | "readHeads">;
  readUser(caller: Caller): Promise<User>;
  readonly heartbeatMs: number;
}

/**
 * The cut-over from what is stored to what happens, without a gap: listen and hold back, take the
 * snapshot, answer, then pass on what was held back and is newer than the snapshot.
 */
export async function attach(
  { hub, inbox, readUser, heartbeatMs }: AttachParts,
  connection: Connection,
  caller: Caller,
  cursor: string | undefined,
  answer: (welcome: Welcome) => void,
): Promise<void> {
  const { userId, deviceId } = caller;
  connection.identify(caller);
  // The account first: from here on it tells of chats that come and go.
  await hub.enter(connection, [userId]);
  const { moment, chats, gone, ...heads } = await enterChats(
    hub,
    inbox,
    connection,
    cursor,
  );
  const user = await readUser(caller);
  const { frameBytes, textLength, watchedUsers } = limits;
  answer({
    user,
    deviceId,
    heartbeatMs,
    limits: { frameBytes, textLength, watchedUsers },
    epoch: moment.epoch,
    accountRev: moment.accountRev,
    chats,
    gone,
    cursor: writeCursor(moment),
  });
  const revs = new Map<string, number>([...heads.revs, [
    userId,
    moment.accountRev,
  ]]);
  for (const [scopeId, rev] of revs) hub.know(connection, scopeId, rev);
  connection.flow(revs);
}

/** Enters the caller's chats, and answers with a snapshot taken after: those of it are all entered. */
async function enterChats(
  hub: AttachParts["hub"],
  inbox: AttachParts["inbox"],
  connection: Connection,
  cursor: string | undefined,
): Promise<Heads> {
  for (;;) {
    const chatIds = await inbox.chatIds(connection.userId);
    await hub.enter(connection, chatIds);
    const heads = await inbox.readHeads(connection.userId, cursor);
    // A chat lost in between was entered too late to hear of the loss: out of it, and look again.
    const lost = chatIds.filter((chatId) => !heads.revs.has(chatId));
    if (lost.length === 0) return heads;
    hub.exit(connection, lost);
  }
}
