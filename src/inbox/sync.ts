import { accountSince, deviceOf, devicesSince, meOf } from "../accounts/mod.ts";
import { readSince } from "../changes/mod.ts";
import type { Database } from "../db/database.ts";
import type { DeviceId, UserId } from "../protocol/ids.ts";
import type { Sync } from "../protocol/sync.ts";
import { writeCursor } from "./cursor.ts";
import { readHeads } from "./heads.ts";
import { hiddenSince } from "./store.ts";

/** Rows of the account in one answer. */
const pageSize = 500;

/**
 * What changed in the caller's world since a cursor: the heads of the chats, and the account's own
 * rows. The account is read after the heads, so nothing falls between this cursor and the next.
 */
export async function readSync(
  db: Database,
  { userId, deviceId }: {
    readonly userId: UserId;
    readonly deviceId: DeviceId;
  },
  cursor: string | undefined,
): Promise<Sync> {
  const heads = await readHeads(db, userId, cursor);
  const page = await readSince(
    db,
    userId,
    heads.since?.accountRev ?? 0,
    pageSize,
    [
      accountSince,
      devicesSince,
      (_scope, rev, limit) => hiddenSince(userId, rev, limit),
    ],
  );
  const [[account], devices, hidden] = page.rows;
  return {
    cursor: writeCursor({ ...heads.moment, accountRev: page.to }),
    hasMore: page.hasMore,
    epoch: heads.moment.epoch,
    accountRev: page.to,
    chats: heads.chats,
    gone: heads.gone,
    me: account ? meOf({ ...account, accountRev: page.to }) : null,
    devices: devices.map(({ device }) => deviceOf(device, deviceId)),
    hidden: hidden.map(({ chatId, seq, messageId }) => ({
      chatId,
      seq,
      messageId,
    })),
  };
}
