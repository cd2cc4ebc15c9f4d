import { readAsMember } from "../chats/mod.ts";
import type { Database } from "../db/database.ts";
import type { ChatId, MessageId, UserId } from "../protocol/ids.ts";
import type { History, HistoryQuery, Message } from "../protocol/messages.ts";
import {
  badCursor,
  type List,
  type ListQuery,
  paged,
} from "../protocol/page.ts";
import { Problem } from "../protocol/problem.ts";
import type { OpenedMessages } from "./opened_messages.ts";
import { messageOf } from "./shape.ts";
import {
  latestPlaces,
  messagesAfter,
  messagesBefore,
  oneMessage,
  presentEpoch,
  type ReadMessage,
  repliesTo,
} from "./reading_store.ts";
import { type OpenMessages } from "./store.ts";

export interface Reader {
  readonly db: Database;
  readonly open: OpenMessages;
  /** Messages at hand; absent where none are kept. */
  readonly opened?: OpenedMessages;
}

/** Messages as their reader sees them, opened, in the order given. */
export async function openForReader(
  open: OpenMessages,
  rows: readonly ReadMessage[],
): Promise<Message[]> {
  const opened = await open(rows);
  return opened.map((row, i) => {
    const { mine, choices } = rows[i]!;
    return messageOf({ ...row, mine, choices });
  });
}

/**
 * The latest page of a chat, which everybody reads who opens it. Where its messages are at hand the
 * database is asked for their places alone, and whether they are the reader's to see; it takes as
 * many round trips, and a third of the time.
 */
async function readLatest(
  reader: Reader & { readonly opened: OpenedMessages },
  chatId: ChatId,
  by: UserId,
  limit: number,
): Promise<History> {
  const { db, open, opened } = reader;
  if (opened.isWarm(chatId)) {
    const [[now], [found]] = await readAsMember(
      db,
      { chatId, by },
      presentEpoch,
      latestPlaces(chatId, by, limit + 1),
    );
    const { places } = found!;
    const rows = opened.at(now!.epoch, places);
    if (rows) {
      opened.page(true);
      const items = rows.map((row, i) => messageOf({ ...row, ...places[i]! }));
      return latestPage(items, limit);
    }
  }
  opened.page(false);
  const [[now], rows] = await readAsMember(
    db,
    { chatId, by },
    presentEpoch,
    messagesBefore(chatId, by, end, limit + 1),
  );
  opened.begin(now!.epoch);
  const items = await openForReader(open, rows);
  opened.warm(chatId);
  return latestPage(items, limit);
}

/** Of one more than wanted, the newest first. */
const latestPage = (
  newestFirst: readonly Message[],
  limit: number,
): History => ({
  items: newestFirst.slice(0, limit).reverse(),
  hasBefore: newestFirst.length > limit,
  hasAfter: false,
});

/** Past every `seq`. */
const end = Number.MAX_SAFE_INTEGER;

/** A page of the chat, ascending by `seq`: next to a `seq`, around one, or the latest. */
export async function readHistory(
  reader: Reader,
  chatId: ChatId,
  by: UserId,
  { before, after, around, limit }: HistoryQuery,
): Promise<History> {
  const { db, open, opened } = reader;
  const isLatest = (before ?? after ?? around) === undefined;
  if (isLatest && opened) {
    return await readLatest({ ...reader, opened }, chatId, by, limit);
  }
  // One more than wanted on each side shows whether the chat goes on there.
  const up = after !== undefined
    ? limit
    : around !== undefined
    ? Math.ceil(limit / 2)
    : 0;
  const down = limit - up;
  const below = around ?? before ?? (after === undefined ? end : after + 1);
  const above = around !== undefined
    ? around - 1
    : after ?? (before === undefined ? end : before - 1);
  const [older, newer] = await readAsMember(
    db,
    { chatId, by },
    messagesBefore(chatId, by, below, down + 1),
    messagesAfter(chatId, by, above, up + 1),
  );
  const rows = [...older.slice(0, down).reverse(), ...newer.slice(0, up)];
  return {
    items: await openForReader(open, rows),
    hasBefore: older.length > down,
    hasAfter: newer.length > up,
  };
}

export async function readMessage(
  { db, open }: Reader,
  chatId: ChatId,
  by: UserId,
  messageId: MessageId,
): Promise<Message> {
  const [rows] = await readAsMember(
    db,
    { chatId, by },
    oneMessage(chatId, by, messageId),
  );
  if (rows.length === 0) throw new Problem("not_found");
  return (await openForReader(open, rows))[0]!;
}

/** Reads the cursor of a list that goes on from a number. */
export function numberCursor(cursor: string): number {
  const number = Number(cursor);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw badCursor();
}

/** The thread under a message, in order. */
export async function readReplies(
  { db, open }: Reader,
  chatId: ChatId,
  by: UserId,
  messageId: MessageId,
  { cursor, limit }: ListQuery,
): Promise<List<Message>> {
  const after = cursor === undefined ? 0 : numberCursor(cursor);
  const [targets, rows] = await readAsMember(
    db,
    { chatId, by },
    oneMessage(chatId, by, messageId),
    repliesTo(chatId, by, messageId, after, limit + 1),
  );
  if (targets.length === 0) throw new Problem("not_found");
  return paged(
    await openForReader(open, rows),
    limit,
    ({ seq }) => String(seq),
  );
}
