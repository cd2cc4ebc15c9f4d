import { accountSince, deviceOf, devicesSince, meOf } from "../accounts/mod.ts";
import { readSince } from "../changes/mod.ts";
import { contactOf, contactsSince, viewSince } from "../contacts/mod.ts";
import type { Database } from "../db/database.ts";
import { optionsOf, votesSince } from "../messages/mod.ts";
import { draftsSince, type OpenDraft } from "../preferences/mod.ts";
import type { DeviceId, UserId } from "../protocol/ids.ts";
import type { Sync } from "../protocol/sync.ts";
import { writeCursor } from "./cursor.ts";
import type { ReadHeads } from "./heads.ts";
import { hiddenSince } from "./store.ts";

/** Rows of the account in one answer. */
const pageSize = 500;

export interface SyncReader {
  readonly db: Database;
  readonly readHeads: ReadHeads;
  readonly openDraft: OpenDraft;
}

/**
 * What changed in the caller's world since a cursor: the heads of the chats, and the account's own
 * rows. They are read one after the other, and the next cursor goes on from the earlier, so nothing
 * falls between.
 */
export async function readSync(
  { db, readHeads, openDraft }: SyncReader,
  { userId, deviceId }: {
    readonly userId: UserId;
    readonly deviceId: DeviceId;
  },
  cursor: string | undefined,
): Promise<Sync> {
  const heads = await readHeads(userId, cursor);
  const page = await readSince(
    db,
    userId,
    heads.since?.accountRev ?? 0,
    pageSize,
    [
      accountSince,
      devicesSince,
      contactsSince,
      viewSince,
      (_scope, rev, limit) => hiddenSince(userId, rev, limit),
      votesSince,
      (_scope, rev, limit) => draftsSince(userId, rev, limit),
    ],
  );
  const [[account], devices, contacts, [view], hidden, votes, drafts] =
    page.rows;
  const { moment } = heads;
  // A chat may have come or gone between the two, which the heads do not show: a client that counted
  // it as told would drop the event that tells of it.
  const accountRev = Math.min(page.to, moment.accountRev);
  return {
    cursor: writeCursor({ ...moment, accountRev }),
    hasMore: page.hasMore,
    epoch: moment.epoch,
    accountRev,
    chats: heads.chats,
    gone: heads.gone,
    me: account ? meOf({ ...account, accountRev }) : null,
    devices: devices.map(({ device }) => deviceOf(device, deviceId)),
    contacts: contacts.map(contactOf),
    contactsViewedRev: view?.rev ?? null,
    hidden: hidden.map(({ chatId, seq, messageId }) => ({
      chatId,
      seq,
      messageId,
    })),
    votes: votes.map(({ chatId, seq, choices }) => ({
      chatId,
      seq,
      options: optionsOf(choices),
    })),
    drafts: await Promise.all(drafts.map(async (row) => ({
      chatId: row.chatId,
      accountRev: row.rev,
      draft: await openDraft(row),
    }))),
  };
}
