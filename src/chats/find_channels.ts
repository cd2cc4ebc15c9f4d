import type { Database } from "../db/database.ts";
import type { Statement } from "../db/sql.ts";
import type { PublicChannel } from "../protocol/chats.ts";
import { ChatId } from "../protocol/ids.ts";
import { badCursor, type List, type ListQuery } from "../protocol/page.ts";
import { Problem } from "../protocol/problem.ts";
import {
  channelsByHandle,
  channelsByTitle,
  publicChannel,
} from "./channel_store.ts";

/** Where a page ended: among the handles, or among the titles after them. */
type Place = { handle: string } | { title: string; chatId: ChatId };

/**
 * Public channels whose handle begins with the query, then those whose title does; each part in its
 * own order, so that either is a walk along an index. An empty query lists all, by handle.
 */
export async function findChannels(
  db: Database,
  { query, cursor, limit }: ListQuery & { readonly query: string },
): Promise<List<PublicChannel>> {
  const place = cursor === undefined ? { handle: "" } : read(cursor);
  const isAmongHandles = "handle" in place;
  const run = async <Row>(statement: Statement<Row>) =>
    (await db.run(statement))[0];
  const [byHandle, byTitle] = await Promise.all([
    isAmongHandles ? run(channelsByHandle(query, place.handle, limit + 1)) : [],
    // Every title begins with nothing, and so does its handle.
    query === ""
      ? []
      : run(channelsByTitle(query, isAmongHandles ? null : place, limit + 1)),
  ]);
  const found = [
    ...byHandle.map((channel) => ({ channel, end: `h${channel.handle}` })),
    ...byTitle.map(({ name, ...channel }) => ({
      channel,
      end: `t${channel.chatId}${name}`,
    })),
  ];
  const page = found.slice(0, limit);
  return {
    items: page.map(({ channel }) => channel),
    nextCursor: found.length > limit ? page.at(-1)!.end : null,
  };
}

/** What anybody may know of a public channel. */
export async function readChannel(
  db: Database,
  handle: string,
): Promise<PublicChannel> {
  const [[channel]] = await db.run(publicChannel(handle));
  if (!channel) throw new Problem("not_found");
  return channel;
}

function read(cursor: string): Place {
  const rest = cursor.slice(1);
  if (cursor.startsWith("h") && isStorable(rest)) return { handle: rest };
  const chatId = ChatId.safeParse(rest.slice(0, 36));
  if (cursor.startsWith("t") && chatId.success && isStorable(rest)) {
    return { title: rest.slice(36), chatId: chatId.data };
  }
  throw badCursor();
}

const isStorable = (text: string) =>
  text.isWellFormed() && !text.includes("\0");
