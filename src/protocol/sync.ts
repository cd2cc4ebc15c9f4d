import { z } from "zod";
import { Device, Me, User } from "./accounts.ts";
import { Chat, Member, Receipt, Role } from "./chats.ts";
import { Contact } from "./contacts.ts";
import { AdminRights } from "./groups.ts";
import { ChatId, DeviceId, MessageId } from "./ids.ts";
import { limits } from "./limits.ts";
import { Message } from "./messages.ts";
import { OwnVote } from "./polls.ts";
import { ChatDraft, ChatPreferences, Draft } from "./preferences.ts";
import { ListQuery } from "./page.ts";
import { AccountRev, Counter, Rev, Seq } from "./text.ts";

const lastSeq = Counter.meta({ description: "The `seq` of the last message" });
const unread = Counter.meta({
  description:
    "`lastSeq` − `readSeq`, or − `clearedSeq` where the account has cleared more than it has read. Deleted, hidden and system messages count too: they have a place",
});
const epoch = z.string().meta({
  description:
    "Names the history of the database. Another one than before: start from zero",
  examples: ["3f1d2c4b5a69788796a5b4c3d2e1f001"],
});
const cursor = z.string().meta({
  description: "For the next `hello` or `/sync`",
  examples: ["1.3f1d2c4b5a69788796a5b4c3d2e1f001.7310.42"],
});

/** The counters of one chat, as one member has them. */
export const ChatHead = z.object({
  chatId: ChatId,
  role: Role,
  rev: Rev,
  lastSeq,
  readSeq: Counter,
  deliveredSeq: Counter,
  unread,
  preferences: ChatPreferences.optional().meta({
    description: "Absent where the account never set anything for the chat",
  }),
}).meta({
  id: "ChatHead",
  description: "The counters of a chat, as the caller has them",
});
export type ChatHead = z.infer<typeof ChatHead>;

/** A chat in the caller's list. */
export const ChatItem = Chat.extend({
  rev: Rev,
  lastSeq,
  lastMessage: Message.nullable(),
  peer: User.nullable().meta({
    description: "The other person of a direct chat; null for notes",
  }),
  me: z.object({
    role: Role,
    rights: AdminRights,
    readSeq: Counter,
    deliveredSeq: Counter,
    unread,
    ...ChatPreferences.shape,
    draft: Draft.nullable().meta({ examples: [null] }),
  }),
}).meta({ id: "ChatItem", description: "A chat in the caller's list" });
export type ChatItem = z.infer<typeof ChatItem>;

/** Which of the two lists of chats, and which page of it. */
export const ChatListQuery = ListQuery.extend({
  archived: z.enum(["true", "false"]).default("false").meta({
    description: "The archived chats instead of the others",
  }),
});
export interface ChatListQuery extends ListQuery {
  readonly archived?: "true" | "false";
}

export const CreatedChat = ChatItem.extend({
  duplicate: z.boolean().optional().meta({
    description: "The chat was there before",
  }),
}).meta({ id: "CreatedChat" });

/**
 * The present state of what changed in a chat after `from`, oldest change first.
 * The reader is at `to` once it has applied the page; applying it twice changes nothing.
 */
export const Changes = z.object({
  from: Rev,
  to: Rev.meta({ description: "Where the reader is after this page" }),
  hasMore: z.boolean().meta({ examples: [false] }),
  epoch,
  chat: Chat.nullable().meta({
    description: "null when the chat itself did not change",
  }),
  messages: z.array(Message),
  members: z.array(Member),
  receipts: z.array(Receipt),
}).meta({
  id: "Changes",
  description:
    "The present state of what changed in a chat, oldest change first. Applying it twice changes nothing",
});
export type Changes = z.infer<typeof Changes>;

export const HiddenMessage = z.object({
  chatId: ChatId,
  seq: Seq,
  messageId: MessageId,
}).meta({
  id: "HiddenMessage",
  description: "A message that the caller deleted for themselves alone",
});
export type HiddenMessage = z.infer<typeof HiddenMessage>;

/** What changed in the caller's world since a cursor. */
export const Sync = z.object({
  cursor,
  hasMore: z.boolean().meta({ examples: [false] }),
  epoch,
  accountRev: AccountRev,
  chats: z.array(ChatHead),
  gone: z.array(ChatId).meta({
    description: "Chats left, lost or deleted since",
    examples: [[]],
  }),
  me: Me.nullable().meta({
    description: "null when the profile did not change",
  }),
  devices: z.array(Device),
  contacts: z.array(Contact).meta({
    description: "Those that changed, also to `none`",
  }),
  contactsViewedRev: AccountRev.nullable().meta({
    description:
      "Where the account last saw its requests: those that changed up to there are `viewed`. null when that did not change",
  }),
  hidden: z.array(HiddenMessage),
  votes: z.array(OwnVote),
  drafts: z.array(ChatDraft).meta({
    description:
      "Of the chats whose preferences changed since; the preferences themselves stand in `chats`",
  }),
}).meta({
  id: "Sync",
  description: "What changed in the caller's world since a cursor",
});
export type Sync = z.infer<typeof Sync>;

/** The answer to `hello`: from here on the connection misses nothing. */
export const Welcome = z.object({
  user: User,
  deviceId: DeviceId,
  heartbeatMs: Counter.meta({ examples: [limits.heartbeatMs] }),
  limits: z.object({
    frameBytes: Counter.meta({ examples: [limits.frameBytes] }),
    textLength: Counter.meta({ examples: [limits.textLength] }),
    watchedUsers: Counter.meta({ examples: [limits.watchedUsers] }),
  }),
  epoch,
  accountRev: AccountRev,
  chats: z.array(ChatHead).meta({
    description: "All chats; with a cursor in hello, those that changed since",
  }),
  gone: z.array(ChatId).meta({
    description: "With a cursor: chats left, lost or deleted since",
    examples: [[]],
  }),
  cursor,
}).meta({
  id: "Welcome",
  description: "From here on the connection misses nothing",
});
export type Welcome = z.infer<typeof Welcome>;
