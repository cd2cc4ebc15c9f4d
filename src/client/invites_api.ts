import type { z } from "zod";
import type { Member } from "../protocol/chats.ts";
import type { ChatId, InviteId, UserId } from "../protocol/ids.ts";
import type {
  CreatedInvite,
  CreateInvite,
  Invite,
  InvitePreview,
  JoinRequest,
  Waiting,
} from "../protocol/invites.ts";
import type { List } from "../protocol/page.ts";
import type { ChatItem } from "../protocol/sync.ts";
import type { CallOptions, ListOptions } from "./chats_api.ts";
import type { Rest } from "./rest.ts";

/** Links into groups and channels, and who waits to be let in. */
export interface InvitesApi {
  /** With an `inviteId` of the caller's own, it is made once however often it is asked for. */
  create(
    chatId: ChatId,
    invite?: Partial<CreateInvite>,
    options?: CallOptions,
  ): Promise<z.infer<typeof CreatedInvite>>;
  list(chatId: ChatId, options?: ListOptions): Promise<List<Invite>>;
  revoke(
    chatId: ChatId,
    inviteId: InviteId,
    options?: CallOptions,
  ): Promise<void>;
  /** Where a code leads. */
  preview(code: string, options?: CallOptions): Promise<InvitePreview>;
  /** Comes in, or waits to be let in. */
  join(
    code: string,
    options?: CallOptions,
  ): Promise<ChatItem | z.infer<typeof Waiting>>;
  requests(chatId: ChatId, options?: ListOptions): Promise<List<JoinRequest>>;
  accept(
    chatId: ChatId,
    userId: UserId,
    options?: CallOptions,
  ): Promise<Member>;
  reject(chatId: ChatId, userId: UserId, options?: CallOptions): Promise<void>;
  /** The caller waits no longer. */
  withdraw(chatId: ChatId, options?: CallOptions): Promise<void>;
}

export function createInvitesApi({ call }: Rest): InvitesApi {
  const of = (chatId: ChatId, rest = "") => `/chats/${chatId}/invites${rest}`;
  const waiting = (chatId: ChatId, rest = "") =>
    `/chats/${chatId}/join-requests${rest}`;
  const at = (code: string, rest = "") =>
    `/invites/${encodeURIComponent(code)}${rest}`;

  return {
    create: (chatId, body = {}, { signal } = {}) =>
      call({
        method: "POST",
        path: of(chatId),
        body,
        repeatable: body.inviteId !== undefined,
        signal,
      }),
    list: (chatId, { signal, ...query } = {}) =>
      call({ method: "GET", path: of(chatId), query, signal }),
    revoke: (chatId, inviteId, { signal } = {}) =>
      call({ method: "DELETE", path: of(chatId, `/${inviteId}`), signal }),
    preview: (code, { signal } = {}) =>
      call({ method: "GET", path: at(code), signal }),
    join: (code, { signal } = {}) =>
      call({
        method: "POST",
        path: at(code, "/join"),
        // Whoever is in, or waits, uses it up no further.
        repeatable: true,
        signal,
      }),
    requests: (chatId, { signal, ...query } = {}) =>
      call({ method: "GET", path: waiting(chatId), query, signal }),
    accept: (chatId, userId, { signal } = {}) =>
      call({ method: "POST", path: waiting(chatId, `/${userId}`), signal }),
    reject: (chatId, userId, { signal } = {}) =>
      call({ method: "DELETE", path: waiting(chatId, `/${userId}`), signal }),
    withdraw: (chatId, { signal } = {}) =>
      call({ method: "DELETE", path: waiting(chatId, "/me"), signal }),
  };
}
