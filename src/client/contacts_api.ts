import type { Contact, ContactList } from "../protocol/contacts.ts";
import type { UserId } from "../protocol/ids.ts";
import type { List } from "../protocol/page.ts";
import type { CallOptions, ListOptions } from "./chats_api.ts";
import type { Rest } from "./rest.ts";

/**
 * What other people are to the account. Changes come as `contact.updated`, those that were missed with
 * `account`. Every call can be repeated: what is so already stays as it is.
 */
export interface ContactsApi {
  /** The newest first. */
  list(
    state?: ContactList,
    options?: ListOptions,
  ): Promise<List<Contact>>;
  /** Asks; where that person has asked too, the two are contacts. */
  request(userId: UserId, options?: CallOptions): Promise<Contact>;
  accept(userId: UserId, options?: CallOptions): Promise<Contact>;
  /** Rejects a request. */
  reject(userId: UserId, options?: CallOptions): Promise<void>;
  /** Takes one's own request back. */
  withdraw(userId: UserId, options?: CallOptions): Promise<void>;
  /** All requests that came in are seen. */
  viewed(options?: CallOptions): Promise<void>;
  remove(userId: UserId, options?: CallOptions): Promise<void>;
  block(userId: UserId, options?: CallOptions): Promise<Contact>;
  unblock(userId: UserId, options?: CallOptions): Promise<void>;
}

export function createContactsApi({ call }: Rest): ContactsApi {
  const path = "/contacts";
  const requests = `${path}/requests`;
  const drop = (userId: UserId, { signal }: CallOptions = {}) =>
    call<void>({ method: "DELETE", path: `${requests}/${userId}`, signal });

  return {
    list: (state = "accepted", { signal, ...page } = {}) =>
      call({ method: "GET", path, query: { state, ...page }, signal }),
    request: (userId, { signal } = {}) =>
      call({
        method: "POST",
        path: requests,
        body: { userId },
        repeatable: true,
        signal,
      }),
    accept: (userId, { signal } = {}) =>
      call({
        method: "POST",
        path: `${requests}/${userId}/accept`,
        repeatable: true,
        signal,
      }),
    reject: drop,
    withdraw: drop,
    viewed: ({ signal } = {}) =>
      call({
        method: "POST",
        path: `${requests}/viewed`,
        repeatable: true,
        signal,
      }),
    remove: (userId, { signal } = {}) =>
      call({ method: "DELETE", path: `${path}/${userId}`, signal }),
    block: (userId, { signal } = {}) =>
      call({ method: "PUT", path: `${path}/${userId}/block`, signal }),
    unblock: (userId, { signal } = {}) =>
      call({ method: "DELETE", path: `${path}/${userId}/block`, signal }),
  };
}
