/**
 * What the database holds of people, table by table, decided once for the deletion of an account and for
 * its export. A table or column that is not in here fails `personal_data_test.ts`.
 */
import type { AccountExport } from "../../src/protocol/export.ts";

export interface Personal {
  /** All columns that can hold an id or words, whether they do or not. */
  readonly columns: readonly string[];
  /** What still names a person whose account was deleted: the column, and why it may. */
  readonly stays?: Readonly<Record<string, string>>;
  /** Where in an export it stands; or a sentence that says why it does not. */
  readonly exported: readonly (keyof AccountExport)[] | string;
}

/** A table that holds nothing of anybody. */
export interface Impersonal {
  readonly columns: readonly string[];
  readonly nobodys: string;
}

const placeholder = "the id alone, which stands for nobody any more";
const history = `the others' history: ${placeholder}`;

export const decisions: Readonly<Record<string, Personal | Impersonal>> = {
  installation: {
    columns: ["history_id"],
    nobodys: "names the history of the database",
  },
  schema_migrations: {
    columns: ["name"],
    nobodys: "the migrations that were applied",
  },
  isolates: {
    columns: ["isolate_id"],
    nobodys: "the processes that run",
  },
  chat_keys: {
    columns: ["chat_id", "master_key_id", "wrapped"],
    nobodys: "the keys of chats, which are their members' together",
  },

  message_views: {
    columns: ["chat_id"],
    nobodys: "how many have read a post, and not who",
  },

  invites: {
    columns: [
      ...["chat_id", "invite_id", "code_hash", "sealed_code", "created_by"],
    ],
    stays: { created_by: history },
    exported: "the chat's, for those who run it to see; it tells who made them",
  },
  bans: {
    columns: ["chat_id", "user_id", "banned_by"],
    stays: { banned_by: history },
    exported:
      "the chat's, for those who may ban to see; whoever comes is told of it",
  },
  join_requests: {
    columns: ["chat_id", "user_id", "invite_id"],
    exported: ["joinRequests"],
  },

  heads: {
    columns: ["scope_id"],
    stays: {
      scope_id:
        `the counter by which open connections learn of the deletion: ${placeholder}`,
    },
    exported: "counters; the account's own stands in the profile",
  },
  users: {
    columns: [
      ...["user_id", "username", "email", "password_hash"],
      ...["display_name", "about", "public_about", "privacy"],
    ],
    stays: {
      user_id: `who sent, joined and made: ${placeholder}`,
      privacy: `an exception that somebody else has made: ${placeholder}`,
    },
    exported: ["profile"],
  },
  held_usernames: {
    columns: ["username", "user_id"],
    stays: {
      username:
        "for 30 days, tied to nobody, so that nobody poses as who had it",
    },
    exported: ["heldUsernames"],
  },
  devices: {
    columns: ["device_id", "user_id", "name", "platform"],
    exported: ["devices"],
  },
  refresh_tokens: {
    columns: ["token_hash", "device_id"],
    exported: "hashes of secrets; the devices they belong to are exported",
  },

  contacts: {
    columns: ["user_id", "peer_id", "state"],
    stays: {
      peer_id:
        `that the person is nothing to somebody any more: ${placeholder}`,
    },
    exported: ["contacts"],
  },
  contact_views: {
    columns: ["user_id"],
    exported: "a counter; it shows in what of the contacts is `viewed`",
  },
  blocked_chats: {
    columns: ["chat_id"],
    nobodys: "follows from the blocks, which stand in `contacts`",
  },

  chats: {
    columns: [
      ...["chat_id", "kind", "title", "about", "direct_key", "created_by"],
      ...["handle", "visibility", "permissions", "history_for_newcomers"],
    ],
    stays: { direct_key: history, created_by: history },
    exported: ["chats"],
  },
  members: {
    columns: ["chat_id", "user_id", "role", "rights"],
    stays: { user_id: history },
    exported: ["chats"],
  },
  messages: {
    columns: [
      ...["chat_id", "message_id", "sender_id", "sealed", "reply_to_id"],
      ...["reaction_counts", "posted_as", "poll"],
    ],
    stays: { sender_id: history },
    exported: ["messages", "earlierContents"],
  },
  poll_votes: {
    columns: ["chat_id", "user_id"],
    stays: { user_id: history },
    exported: ["votes"],
  },
  message_edits: {
    columns: ["chat_id", "sealed"],
    nobodys: "what messages said before; they say whose it is",
  },
  reactions: {
    columns: ["chat_id", "emoji", "user_id"],
    stays: { user_id: history },
    exported: ["reactions"],
  },
  receipts: {
    columns: ["chat_id", "user_id"],
    exported: ["chats"],
  },
  chat_preferences: {
    columns: ["user_id", "chat_id", "notify", "draft_sealed"],
    exported: ["chats"],
  },
  hidden_messages: {
    columns: ["user_id", "chat_id", "message_id"],
    exported: ["hiddenMessages"],
  },

  mentions: {
    columns: ["chat_id", "user_id"],
    exported: "whom others meant, which stands in what they said",
  },

  last_seen: {
    columns: ["user_id"],
    exported: ["lastSeenAt"],
  },
  connections: {
    columns: ["user_id", "isolate_id"],
    exported: "which process a socket ends at, for as long as it is open",
  },
};
