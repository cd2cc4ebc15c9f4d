import type { Table } from "../changes/mod.ts";
import { sql, type Statement } from "../db/sql.ts";
import type { ChatKind } from "../protocol/chats.ts";
import type { ChatId } from "../protocol/ids.ts";

export interface HandleRow {
  readonly handle: string;
  readonly chatId: ChatId;
}

/** Which channel has a handle. Nothing is written through it: the handle stands in `chats`. */
export const handles: Table<Pick<HandleRow, "handle">, HandleRow> = {
  name: "handles",
  id: ({ handle }) => handle,
  load: (keys) =>
    sql<HandleRow>`select handle, chat_id from chats
      where handle = any(${keys.map(({ handle }) => handle)}::text[])`,
  save: () => [],
};

export interface PublicChannelRow {
  readonly chatId: ChatId;
  readonly handle: string;
  readonly title: string;
  readonly about: string;
  readonly memberCount: number;
}

const columns = sql`chat_id, handle, title, about, member_count`;
const isListed = sql`visibility = 'public' and deleted_at is null`;

export const publicChannel = (handle: string): Statement<PublicChannelRow> =>
  sql<PublicChannelRow>`select ${columns} from chats
    where handle = ${handle} and ${isListed}`;

/** Text as the beginning that LIKE is to look for. */
const beginning = (text: string) => `${text.replaceAll(/[\\%_]/g, "\\$&")}%`;

/** A page of the public channels whose handle begins with the text, by handle. */
export const channelsByHandle = (
  query: string,
  after: string,
  limit: number,
): Statement<PublicChannelRow> =>
  sql<PublicChannelRow>`select ${columns} from chats
    where ${isListed} and handle like lower(${beginning(query)})
      and handle ~>~ ${after}
    order by handle using ~<~ limit ${limit}`;

/** A page of those whose title alone begins with the text, by title. */
export const channelsByTitle = (
  query: string,
  after: { readonly title: string; readonly chatId: ChatId } | null,
  limit: number,
): Statement<PublicChannelRow & { name: string }> =>
  sql<
    PublicChannelRow & { name: string }
  >`select ${columns}, lower(title) as name from chats
    where ${isListed} and lower(title) like lower(${beginning(query)})
      and handle not like lower(${beginning(query)}) and ${
    after === null ? sql`true` : sql`lower(title) ~>=~ ${after.title}
        and (lower(title) <> ${after.title} or chat_id > ${after.chatId}::uuid)`
  } order by lower(title) using ~<~, chat_id limit ${limit}`;

export const chatKind = (chatId: ChatId): Statement<{ kind: ChatKind }> =>
  sql<
    { kind: ChatKind }
  >`select kind from chats where chat_id = ${chatId}::uuid`;
