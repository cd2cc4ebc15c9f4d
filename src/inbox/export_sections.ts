import {
  account,
  allDevices,
  deviceOf,
  type DeviceRow,
  heldFor,
  meOf,
} from "../accounts/mod.ts";
import { allContacts, contactOf, type ShownContact } from "../contacts/mod.ts";
import { waitsOf } from "../chats/mod.ts";
import type { Clock } from "../lib/clock.ts";
import {
  hiddenBy,
  type HiddenPlace,
  type OpenContent,
  type OpenMessages,
  optionsOf,
  type OwnVoteRow,
  votesSince,
} from "../messages/mod.ts";
import type { OpenDraft } from "../preferences/mod.ts";
import type { AccountExport, ExportedChat } from "../protocol/export.ts";
import type { ChatId, DeviceId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import {
  ownEarlier,
  ownMessages,
  ownReactions,
  paged,
  type Pages,
  type Read,
} from "./export_pages.ts";
import { type ExportedChatRow, exportedChats, seenAt } from "./export_store.ts";

interface SectionParts {
  readonly read: Read;
  readonly open: OpenMessages;
  readonly openDraft: OpenDraft;
  readonly openContent: OpenContent;
  readonly clock: Clock;
}

/** A part of the document: a list, page by page, or one value. */
type Part<T> = [T] extends [(infer Item)[]] ? () => Pages<Item>
  : () => Promise<T>;

/** Everything there is to export, in the order of the document. */
export type Sections = {
  readonly [Name in Exclude<keyof AccountExport, "exportedAt">]: Part<
    AccountExport[Name]
  >;
};

export function sectionsOf(
  { read, open, openDraft, openContent, clock }: SectionParts,
  userId: UserId,
  current: DeviceId,
): Sections {
  return {
    async profile() {
      const [row] = await read(account(userId));
      // Deleted since the caller came through the door.
      if (!row) throw new Problem("token_revoked");
      return meOf(row);
    },
    async *heldUsernames() {
      const rows = await read(heldFor(userId, new Date(clock())));
      yield rows.map(({ username, heldUntil }) => ({
        username,
        heldUntil: heldUntil.toISOString(),
      }));
    },
    async *devices() {
      const pages = paged<{ device: DeviceRow }>(
        read,
        (after, limit) =>
          allDevices(userId, after?.device.deviceId ?? null, limit),
      );
      for await (const rows of pages) {
        yield rows.map(({ device }) => deviceOf(device, current));
      }
    },
    async lastSeenAt() {
      const [row] = await read(seenAt(userId));
      return row?.seenAt.toISOString() ?? null;
    },
    async *contacts() {
      const pages = paged<ShownContact>(
        read,
        (after, limit) => allContacts(userId, after?.peerId ?? null, limit),
      );
      for await (const rows of pages) yield rows.map(contactOf);
    },
    async *chats() {
      const pages = paged<ExportedChatRow>(
        read,
        (after, limit) => exportedChats(userId, after?.chatId ?? null, limit),
      );
      for await (const rows of pages) {
        yield await Promise.all(
          rows.map(async (row) => chatOf(row, await openDraft(row))),
        );
      }
    },
    async *joinRequests() {
      const pages = paged<{ chatId: ChatId; requestedAt: Date }>(
        read,
        (after, limit) => waitsOf(userId, after?.chatId ?? null, limit),
      );
      for await (const rows of pages) {
        yield rows.map(({ chatId, requestedAt }) => ({
          chatId,
          requestedAt: requestedAt.toISOString(),
        }));
      }
    },
    messages: () => ownMessages(read, open, userId),
    earlierContents: () => ownEarlier(read, openContent, userId),
    reactions: () => ownReactions(read, userId),
    async *votes() {
      const pages = paged<OwnVoteRow>(
        read,
        (after, limit) => votesSince(userId, after?.rev ?? 0, limit),
      );
      for await (const rows of pages) {
        yield rows.map(({ chatId, seq, choices, votedAt }) => ({
          chatId,
          seq,
          options: optionsOf(choices),
          votedAt: votedAt.toISOString(),
        }));
      }
    },
    hiddenMessages: () =>
      paged<HiddenPlace>(
        read,
        (after, limit) => hiddenBy(userId, after, limit),
      ),
  };
}

const chatOf = (
  {
    joinedAt,
    leftAt,
    deletedAt,
    userId: _,
    draftKeyVersion: _version,
    draftSealed: _sealed,
    ...row
  }: ExportedChatRow,
  draft: ExportedChat["draft"],
): ExportedChat => ({
  ...row,
  draft,
  joinedAt: joinedAt.toISOString(),
  leftAt: leftAt?.toISOString() ?? null,
  deletedAt: deletedAt?.toISOString() ?? null,
});
