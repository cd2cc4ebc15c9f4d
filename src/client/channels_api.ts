import type { PublicChannel } from "../protocol/chats.ts";
import type { ChatId } from "../protocol/ids.ts";
import type { List } from "../protocol/page.ts";
import type { ChatItem } from "../protocol/sync.ts";
import type { CallOptions, ListOptions } from "./chats_api.ts";
import type { Rest } from "./rest.ts";

/** Public channels, to be found and subscribed to. */
export interface ChannelsApi {
  /** Those whose handle, then those whose title begins with the query; without one, all. */
  find(
    options?: ListOptions & { readonly query?: string },
  ): Promise<List<PublicChannel>>;
  get(handle: string, options?: CallOptions): Promise<PublicChannel>;
  /** Subscribes; `chats.leave` is the way back. */
  join(chatId: ChatId, options?: CallOptions): Promise<ChatItem>;
}

export function createChannelsApi({ call }: Rest): ChannelsApi {
  return {
    find: ({ signal, ...query } = {}) =>
      call({ method: "GET", path: "/channels", query, signal }),
    get: (handle, { signal } = {}) =>
      call({
        method: "GET",
        path: `/channels/${encodeURIComponent(handle)}`,
        signal,
      }),
    join: (chatId, { signal } = {}) =>
      call({
        method: "POST",
        path: `/chats/${chatId}/join`,
        // Whoever has subscribed stays as they are.
        repeatable: true,
        signal,
      }),
  };
}
