import type { z } from "zod";
import type { ChatPatch, CreateChat, Member, Role } from "../protocol/chats.ts";
import type { AdminRight, Ban } from "../protocol/groups.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import type { List } from "../protocol/page.ts";
import type { PreferencesPatch } from "../protocol/preferences.ts";
import type { ChatItem, CreatedChat } from "../protocol/sync.ts";
import type { Rest } from "./rest.ts";

export interface CallOptions {
  readonly signal?: AbortSignal;
}
export interface ListOptions extends CallOptions {
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** Chats and who is in them, over REST. */
export interface ChatsApi {
  /** Opening the same pair's direct chat again answers with the one there is, `duplicate`. */
  create(
    chat: z.input<typeof CreateChat>,
    options?: CallOptions,
  ): Promise<z.infer<typeof CreatedChat>>;
  /** The pinned ones first, then the latest activity; the archived ones instead of the others. */
  list(
    options?: ListOptions & { readonly archived?: boolean },
  ): Promise<List<ChatItem>>;
  get(chatId: ChatId, options?: CallOptions): Promise<ChatItem>;
  rename(
    chatId: ChatId,
    title: string,
    options?: CallOptions,
  ): Promise<ChatItem>;
  /** Mutes, pins, archives or marks the chat, or keeps a draft in it: for the caller alone. */
  setPreferences(
    chatId: ChatId,
    patch: PreferencesPatch,
    options?: CallOptions,
  ): Promise<ChatItem>;
  /** Hides everything so far from the caller, for good. */
  clearHistory(chatId: ChatId, options?: CallOptions): Promise<void>;
  /** Changes what a group or channel shows of itself. */
  update(
    chatId: ChatId,
    patch: ChatPatch,
    options?: CallOptions,
  ): Promise<ChatItem>;
  /** Ends a group or channel for everyone. */
  delete(chatId: ChatId, options?: CallOptions): Promise<void>;
  /**
   * In the order of their coming. With `query` a page may be short, even empty, where more follow: go on
   * while there is a `nextCursor`.
   */
  members(
    chatId: ChatId,
    options?: ListOptions & { readonly query?: string; readonly role?: Role },
  ): Promise<List<Member>>;
  addMembers(
    chatId: ChatId,
    userIds: readonly UserId[],
    options?: CallOptions,
  ): Promise<Member[]>;
  removeMember(
    chatId: ChatId,
    userId: UserId,
    options?: CallOptions,
  ): Promise<void>;
  setRole(
    chatId: ChatId,
    userId: UserId,
    role: Role,
    options?: CallOptions,
  ): Promise<Member>;
  /** Says what an admin may do; a member becomes one by it. */
  setRights(
    chatId: ChatId,
    userId: UserId,
    rights: readonly AdminRight[],
    options?: CallOptions,
  ): Promise<Member>;
  /** Takes a person out, and keeps her out until unbanned. */
  ban(chatId: ChatId, userId: UserId, options?: CallOptions): Promise<void>;
  unban(chatId: ChatId, userId: UserId, options?: CallOptions): Promise<void>;
  /** For those with the right `banMembers`; the latest ban first. */
  bans(chatId: ChatId, options?: ListOptions): Promise<List<Ban>>;
  leave(chatId: ChatId, options?: CallOptions): Promise<void>;
}

export function createChatsApi({ call }: Rest): ChatsApi {
  const at = (chatId: ChatId, rest = "") => `/chats/${chatId}${rest}`;

  return {
    create: (body, { signal } = {}) =>
      call({
        method: "POST",
        path: "/chats",
        body,
        // A pair has one chat, and an id of the caller's own is stored once.
        repeatable: body.kind === "direct" || body.chatId !== undefined,
        signal,
      }),
    list: ({ signal, archived, ...query } = {}) =>
      call({
        method: "GET",
        path: "/chats",
        query: {
          ...query,
          ...(archived === undefined ? {} : { archived: String(archived) }),
        },
        signal,
      }),
    get: (chatId, { signal } = {}) =>
      call({ method: "GET", path: at(chatId), signal }),
    rename: (chatId, title, { signal } = {}) =>
      call({ method: "PATCH", path: at(chatId), body: { title }, signal }),
    setPreferences: (chatId, body, { signal } = {}) =>
      call({
        method: "PATCH",
        path: at(chatId, "/me"),
        body,
        // Set twice is set once.
        repeatable: true,
        signal,
      }),
    clearHistory: (chatId, { signal } = {}) =>
      call({ method: "DELETE", path: at(chatId, "/history"), signal }),
    update: (chatId, body, { signal } = {}) =>
      call({ method: "PATCH", path: at(chatId), body, signal }),
    delete: (chatId, { signal } = {}) =>
      call({ method: "DELETE", path: at(chatId), signal }),

    members: (chatId, { signal, ...query } = {}) =>
      call({ method: "GET", path: at(chatId, "/members"), query, signal }),
    async addMembers(chatId, userIds, { signal } = {}) {
      const { items } = await call<{ items: Member[] }>({
        method: "POST",
        path: at(chatId, "/members"),
        body: { userIds },
        // Who is in already stays as they are.
        repeatable: true,
        signal,
      });
      return items;
    },
    removeMember: (chatId, userId, { signal } = {}) =>
      call({
        method: "DELETE",
        path: at(chatId, `/members/${userId}`),
        signal,
      }),
    setRole: (chatId, userId, role, { signal } = {}) =>
      call({
        method: "PATCH",
        path: at(chatId, `/members/${userId}`),
        body: { role },
        signal,
      }),
    setRights: (chatId, userId, rights, { signal } = {}) =>
      call({
        method: "PATCH",
        path: at(chatId, `/members/${userId}`),
        body: { role: "admin", rights },
        signal,
      }),
    ban: (chatId, userId, { signal } = {}) =>
      call({ method: "PUT", path: at(chatId, `/bans/${userId}`), signal }),
    unban: (chatId, userId, { signal } = {}) =>
      call({ method: "DELETE", path: at(chatId, `/bans/${userId}`), signal }),
    bans: (chatId, { signal, ...query } = {}) =>
      call({ method: "GET", path: at(chatId, "/bans"), query, signal }),
    leave: (chatId, { signal } = {}) =>
      call({ method: "DELETE", path: at(chatId, "/members/me"), signal }),
  };
}
