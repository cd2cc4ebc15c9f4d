/**
 * What people are to each other: contacts, requests to become one, and blocks.
 *
 * A pair has two rows, one for each side, and `rules.ts` says what every verb makes of them. A command
 * (`relate.ts`) locks both accounts; one about a block also locks the pair's direct chat, so that of a
 * block and a message that come at the same time the one that is stored first counts.
 *
 * @module
 */
import type { Accounts } from "../accounts/mod.ts";
import {
  type Announce,
  type Changes,
  retryStale,
  type Ring,
} from "../changes/mod.ts";
import type { Database } from "../db/database.ts";
import type { RateLimit } from "../http/rate_limit.ts";
import { createBatcher } from "../lib/batcher.ts";
import type { Contact, ContactList } from "../protocol/contacts.ts";
import type { ChatId, UserId } from "../protocol/ids.ts";
import type { List, ListQuery } from "../protocol/page.ts";
import { Problem } from "../protocol/problem.ts";
import { blockedAmong, chatsOfPairs, directKeyOf } from "./direct_store.ts";
import { listContacts } from "./list_contacts.ts";
import { createPeople, type People } from "./people.ts";
import { type Relate, relate, type Related } from "./relate.ts";
import type { Verb } from "./rules.ts";
import { viewRequests } from "./view_requests.ts";

export {
  type BlockedChatRow,
  blockedChats,
  directChats,
  directKeyOf,
  refuseBlocked,
} from "./direct_store.ts";
export { allows } from "./privacy.ts";
export { reachReads, refuseAdding, refuseFirstWord } from "./refuse.ts";
export { isBlocked, type Sides } from "./rules.ts";
export { forgetContacts } from "./forget.ts";
export { contactOf } from "./shape.ts";
export {
  allContacts,
  contactsSince,
  type ShownContact,
  viewSince,
} from "./store.ts";

/** Every verb rejects with a `Problem`. All can be repeated: what is so already stays as it is. */
export interface Contacts extends People {
  list(
    by: UserId,
    query: ListQuery & { readonly state: ContactList },
  ): Promise<List<Contact>>;
  /** Asks, or says yes where the other one has asked. Rejects with `blocked` where one has. */
  request(by: UserId, userId: UserId): Promise<Made>;
  accept(by: UserId, userId: UserId): Promise<Contact>;
  /** Rejects or withdraws a request. */
  drop(by: UserId, userId: UserId): Promise<void>;
  remove(by: UserId, userId: UserId): Promise<void>;
  block(by: UserId, userId: UserId): Promise<Contact>;
  unblock(by: UserId, userId: UserId): Promise<void>;
  /** Whether nothing may be said in a direct chat, because one of the two has blocked the other. */
  isBlockedChat(chatId: ChatId): Promise<boolean>;
  /** All requests that have come in are seen. */
  view(by: UserId): Promise<void>;
  /** `by` has deleted the account: the two are nothing to each other any more. */
  forget(by: UserId, userId: UserId): Promise<void>;
}

export interface Made {
  readonly contact: Contact;
  /** Whether it was so before. */
  readonly duplicate: boolean;
}

export interface ContactsParts {
  readonly db: Database;
  readonly changes: Changes;
  readonly accounts: Pick<Accounts, "findUsers" | "user">;
  /**
   * Called once it is stored that two may have come into each other's sight, or out of it. It concerns
   * nobody else, however many watch one of them.
   */
  readonly ring: Announce<Ring>;
  /** How often one person may ask, block or take a block back. */
  readonly requests: RateLimit;
}

export function createContacts(
  { db, changes, accounts, ring, requests }: ContactsParts,
): Contacts {
  async function submitted(wish: Relate): Promise<Related> {
    const related = await changes.submit(relate(wish));
    const { by, userId } = wish;
    if (related.changed) {
      ring([
        { presence: by, towards: userId },
        { presence: userId, towards: by },
      ]);
    }
    return related;
  }

  const submit = (verb: Verb, by: UserId, userId: UserId) =>
    submitted({ verb, by, userId });

  /** The chat is read before the lock, and may have been opened by then. */
  const submitWithChat = (
    verb: "block" | "unblock" | "forget",
    by: UserId,
    userId: UserId,
  ): Promise<Related> =>
    retryStale(async () => {
      const [[direct]] = await db.run(
        chatsOfPairs([directKeyOf([by, userId])]),
      );
      const chatId = direct?.chatId ?? null;
      return await submitted({ verb, by, userId, chatId });
    });

  return {
    list: (by, query) => listContacts(db, by, query),
    async request(by, userId) {
      requests.take(by);
      const { contact, changed } = await submit("request", by, userId);
      return { contact: contact!, duplicate: !changed };
    },
    accept: async (by, userId) => (await submit("accept", by, userId)).contact!,
    drop: async (by, userId) => void await submit("drop", by, userId),
    remove: async (by, userId) => void await submit("remove", by, userId),
    async block(by, userId) {
      requests.take(by);
      return (await submitWithChat("block", by, userId)).contact!;
    },
    async unblock(by, userId) {
      requests.take(by);
      await submitWithChat("unblock", by, userId);
    },
    isBlockedChat: createBatcher<ChatId, boolean>(async (chatIds) => {
      const [rows] = await db.run(blockedAmong(chatIds));
      const ids = new Set(rows.map(({ chatId }) => chatId));
      return chatIds.map((chatId) => ids.has(chatId));
    }, {
      batchSize: 500,
      waiting: 20_000,
      refuse: () => new Problem("unavailable", { retryAfterMs: 1000 }),
    }),
    view: (by) => changes.submit(viewRequests(by)),
    forget: async (by, userId) =>
      void await submitWithChat("forget", by, userId),
    ...createPeople({ db, accounts }),
  };
}
