import { readAsMember } from "../chats/mod.ts";
import type { ChatId, MessageId, UserId } from "../protocol/ids.ts";
import type { EarlierContent } from "../protocol/messages.ts";
import { type List, type ListQuery, paged } from "../protocol/page.ts";
import { Problem } from "../protocol/problem.ts";
import { earlierOf, type SealedEarlier } from "./edit_store.ts";
import { numberCursor, type Reader } from "./history.ts";
import { oneMessage } from "./reading_store.ts";
import type { OpenContent } from "./store.ts";

/** Past every `rev`. */
const end = Number.MAX_SAFE_INTEGER;

/** What a message said before it was edited, the latest first, for whoever may read the message. */
export async function readEdits(
  { db }: Pick<Reader, "db">,
  open: OpenContent,
  chatId: ChatId,
  by: UserId,
  messageId: MessageId,
  { cursor, limit }: ListQuery,
): Promise<List<EarlierContent>> {
  const before = cursor === undefined ? end : numberCursor(cursor);
  const [targets, rows] = await readAsMember(
    db,
    { chatId, by },
    oneMessage(chatId, by, messageId),
    earlierOf(chatId, messageId, before, limit + 1),
  );
  if (targets.length === 0) throw new Problem("not_found");
  const page = paged(rows, limit, ({ rev }) => String(rev));
  return { ...page, items: await Promise.all(page.items.map(shown)) };

  async function shown(row: SealedEarlier): Promise<EarlierContent> {
    const { content } = await open(row);
    return { content, writtenAt: row.writtenAt.toISOString() };
  }
}
