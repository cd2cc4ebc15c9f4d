import type { Member } from "../protocol/chats.ts";
import type { ChatId } from "../protocol/ids.ts";
import type { History } from "../protocol/messages.ts";
import type { List } from "../protocol/page.ts";
import type { Changes, ChatItem, Sync } from "../protocol/sync.ts";
import { atMost } from "./at_most.ts";
import type { Connection } from "./connection.ts";
import type { Rest } from "./rest.ts";

/** Where the state is read from. */
export interface Source {
  /** Over the link where there is one. */
  changes(chatId: ChatId, since: number, signal: AbortSignal): Promise<Changes>;
  sync(cursor: string | undefined, signal: AbortSignal): Promise<Sync>;
  chat(chatId: ChatId, signal?: AbortSignal): Promise<ChatItem>;
  /** Everyone who is in the chat now. */
  members(chatId: ChatId, signal?: AbortSignal): Promise<Member[]>;
  /** The newest messages, or those before a `seq`; ascending. */
  history(
    chatId: ChatId,
    query: { before?: number; limit: number },
    signal?: AbortSignal,
  ): Promise<History>;
}

/** After a restart of the service every chat may have to catch up at the same moment. */
const catchUpsAtOnce = 4;
const pageItems = 100;

export function createSource(rest: Rest, connection: Connection): Source {
  const inTurn = atMost(catchUpsAtOnce);
  const get = <T>(
    path: string,
    query: Record<string, string | number | undefined>,
    signal: AbortSignal | undefined,
  ) => rest.call<T>({ method: "GET", path, query, signal });

  return {
    changes: (chatId, since, signal) =>
      inTurn(async () => {
        signal.throwIfAborted();
        const limit = pageItems;
        const { link } = connection;
        if (!link) {
          return await rest.call<Changes>({
            method: "GET",
            path: `/chats/${chatId}/changes`,
            query: { since, limit },
            // Whoever asks keeps asking, and over the link once it is there.
            repeatable: false,
            signal,
          });
        }
        const request = { type: "changes", chatId, since, limit } as const;
        return await link.request(request, { signal });
      }),

    sync: (cursor, signal) => get("/sync", { cursor }, signal),
    chat: (chatId, signal) => get(`/chats/${chatId}`, {}, signal),

    async members(chatId, signal) {
      const found: Member[] = [];
      let cursor: string | undefined;
      do {
        const query = { limit: pageItems, cursor };
        const path = `/chats/${chatId}/members`;
        const page = await get<List<Member>>(path, query, signal);
        found.push(...page.items);
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      return found;
    },

    history: (chatId, query, signal) =>
      get(`/chats/${chatId}/messages`, query, signal),
  };
}
