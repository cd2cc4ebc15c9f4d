import { z } from "zod";
import { Device, Me, User } from "./accounts.ts";
import { ChatKind, Role } from "./chats.ts";
import { Contact } from "./contacts.ts";
import { ChatId } from "./ids.ts";
import { ExportedJoinRequest } from "./invites.ts";
import { Message, MessageContent } from "./messages.ts";
import { ExportedVote } from "./polls.ts";
import { ChatPreferences, Draft } from "./preferences.ts";
import { HiddenMessage } from "./sync.ts";
import { Counter, Seq, Timestamp } from "./text.ts";

export const HeldUsername = z.object({
  username: z.string().meta({ examples: ["ada"] }),
  heldUntil: Timestamp,
}).meta({
  id: "HeldUsername",
  description: "A username that the account gave up and may take back",
});
export type HeldUsername = z.infer<typeof HeldUsername>;

/** A chat that the account is in, or was. */
export const ExportedChat = z.object({
  chatId: ChatId,
  kind: ChatKind,
  title: z.string().nullable().meta({
    description:
      "null for direct chats, and for what the account is not in any more",
    examples: ["Engines"],
  }),
  peer: User.nullable().meta({
    description: "The other person of a direct chat",
  }),
  made: z.boolean().meta({ description: "Whether the account made the chat" }),
  role: Role,
  joinedAt: Timestamp,
  leftAt: Timestamp.nullable().meta({ examples: [null] }),
  deletedAt: Timestamp.nullable().meta({
    description: "When the chat was deleted for everyone",
    examples: [null],
  }),
  deliveredSeq: Counter,
  readSeq: Counter,
  preferences: ChatPreferences.nullable().meta({
    description: "null where the account never set anything for the chat",
  }),
  draft: Draft.nullable().meta({ examples: [null] }),
}).meta({
  id: "ExportedChat",
  description: "A chat that the account is in, or was",
});
export type ExportedChat = z.infer<typeof ExportedChat>;

/** A message that the account sent. */
export const ExportedMessage = Message.pick({
  chatId: true,
  seq: true,
  messageId: true,
  content: true,
  forwardedFrom: true,
  replyTo: true,
  createdAt: true,
  editedAt: true,
  deletedAt: true,
}).meta({
  id: "ExportedMessage",
  description:
    "A message that the account sent, and has not cleared. `content` is null where nobody can read it any more",
});
export type ExportedMessage = z.infer<typeof ExportedMessage>;

export const ExportedEarlier = z.object({
  chatId: ChatId,
  seq: Seq,
  content: MessageContent.nullable(),
  writtenAt: Timestamp,
}).meta({
  id: "ExportedEarlier",
  description: "What a message of the account said before it was edited",
});
export type ExportedEarlier = z.infer<typeof ExportedEarlier>;

export const ExportedReaction = z.object({
  chatId: ChatId,
  seq: Seq,
  emoji: z.string().meta({ examples: ["👍"] }),
  createdAt: Timestamp,
}).meta({ id: "ExportedReaction" });
export type ExportedReaction = z.infer<typeof ExportedReaction>;

/** Everything the service holds on an account, in the order in which it is sent. */
export const AccountExport = z.object({
  exportedAt: Timestamp,
  profile: Me,
  heldUsernames: z.array(HeldUsername),
  devices: z.array(Device).meta({
    description: "Those that were signed out included",
  }),
  lastSeenAt: Timestamp.nullable(),
  contacts: z.array(Contact).meta({
    description: "Requests and blocked people included",
  }),
  chats: z.array(ExportedChat),
  joinRequests: z.array(ExportedJoinRequest),
  messages: z.array(ExportedMessage),
  earlierContents: z.array(ExportedEarlier),
  reactions: z.array(ExportedReaction),
  votes: z.array(ExportedVote),
  hiddenMessages: z.array(HiddenMessage),
}).meta({
  id: "AccountExport",
  description: "Everything the service holds on an account",
});
export type AccountExport = z.infer<typeof AccountExport>;
