import { readSince } from "../changes/mod.ts";
import {
  activeMembership,
  chatOf,
  chatSince,
  membersSince,
  ownInChannel,
  profiledMemberOf,
} from "../chats/mod.ts";
import {
  messagesSince,
  openForReader,
  receiptOf,
  receiptsOf,
} from "../messages/mod.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import type { Changes } from "../protocol/sync.ts";
import type { Reader } from "./chat_list.ts";

/**
 * The present state of what changed in a chat after `since`, oldest change first. Of the people in a
 * channel it shows the caller alone, whatever changed.
 */
export async function readChanges(
  { db, open }: Reader,
  chatId: ChatId,
  userId: UserId,
  since: number,
  limit: number,
): Promise<Changes> {
  const page = await readSince(db, chatId, since, limit, [
    (_scope, rev, size) => messagesSince(chatId, userId, rev, size),
    (_scope, rev, size) => membersSince(chatId, userId, rev, size),
    (_scope, rev) => chatSince(chatId, rev),
  ], [
    activeMembership(chatId, userId),
    receiptsOf(chatId, userId),
    receiptOf(chatId, userId),
    ownInChannel(chatId, userId),
  ]);
  const [[membership], all, own, ownMember] = page.also;
  const receipts = all.length > 0 ? all : own;
  if (!membership) throw new Problem("not_found");
  const [messages, members, [chat]] = page.rows;
  return {
    from: since,
    to: page.to,
    hasMore: page.hasMore,
    epoch: page.epoch,
    chat: chat ? chatOf(chat) : null,
    messages: await openForReader(open, messages),
    members: [...members, ...ownMember].map(profiledMemberOf),
    receipts: receipts.map(({ userId, deliveredSeq, readSeq }) => ({
      userId,
      deliveredSeq,
      readSeq,
    })),
  };
}
